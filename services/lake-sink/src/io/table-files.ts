import { keyOfPath, partitionId, type AddFile } from '@hasivu/delta';
import { identifier, type PartitionFiles } from '../core/engine-sql.ts';
import type { KeyRange } from '../core/state-plan.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { EngineSession } from './engine.ts';
import type { FileCache } from './file-cache.ts';
import type { LakeTable } from './lake-table.ts';

/** Files of a table on local disk, for the engine, and the way back from their local names. */
export interface LocalFiles {
  readonly groups: readonly PartitionFiles[];
  readonly byPath: ReadonlyMap<string, AddFile>;
}

export const NO_FILES: LocalFiles = { groups: [], byPath: new Map() };

/** Fetches what the cache lacks. @throws STORE_OBJECT_MISSING */
export async function localFiles(
  table: LakeTable,
  cache: FileCache,
  files: readonly AddFile[],
): Promise<LocalFiles> {
  const groups = new Map<string, { partitionValues: AddFile['partitionValues']; paths: string[] }>();
  const byPath = new Map<string, AddFile>();
  for (const file of files) {
    const id = partitionId(table.partitionColumns, file.partitionValues);
    const group = groups.get(id) ?? { partitionValues: file.partitionValues, paths: [] };
    const path = await cache.pathOf(`${table.root}/${keyOfPath(file.path)}`);
    group.paths.push(path);
    byPath.set(path, file);
    groups.set(id, group);
  }
  return { groups: [...groups.values()], byPath };
}

/** First and last key of a relation by the first key column; null when it has no row. */
export async function keyRangeOf(
  session: EngineSession,
  shape: TableShape,
  relation: string,
): Promise<KeyRange | null> {
  const column = shape.key[0] as string;
  const name = identifier(column);
  const [row] = await session.rows(
    `SELECT count(*) AS n, CAST(min(${name}) AS VARCHAR) AS low, CAST(max(${name}) AS VARCHAR) AS high FROM ${relation}`,
  );
  if (row === undefined || Number(row['n']) === 0) return null;
  const type = shape.rowFields.find((own) => own.name === column)?.type ?? 'binary';
  const bound = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { column, type, min: bound(row['low']), max: bound(row['high']) };
}
