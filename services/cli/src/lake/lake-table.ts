import { randomUUID } from 'node:crypto';
import { DeltaTable, keyOfPath, partitionFolder, type AddFile, type LogStore } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import type { CachedObject } from './file-cache.ts';
import { describeReference, type TableReference } from './table-reference.ts';
import { logUpToVersion } from './version-limited-log.ts';

/** Opens a table of the lake as of its newest version, or of `atVersion`. @throws PlatformError CLI_TABLE_UNKNOWN, LAKE_* */
export async function openLakeTable(
  store: LogStore,
  reference: TableReference,
  atVersion?: number,
): Promise<DeltaTable> {
  const log = atVersion === undefined ? store : logUpToVersion(store, atVersion);
  const around = { store: log, nowMs: () => Date.now(), newId: randomUUID };
  const table = reference.schema === '' ? null : await DeltaTable.open(rootOf(reference), around);
  if (table) return table;
  throw new PlatformError('CLI_TABLE_UNKNOWN', {
    doing: `opening the table ${describeReference(reference)}`,
    ...(reference.schema === '' ? { why: 'the name has two parts, tables of the lake have three' } : {}),
    context: { table: describeReference(reference) },
  });
}

/** Folder of the table in the lake; also its folder in the local cache. */
export function rootOf({ layer, schema, table }: TableReference): string {
  return `${layer}/${schema}/${table}`;
}

/** The table's live data files. */
export function liveObjects(table: DeltaTable): CachedObject[] {
  const { files, metadata } = table.state;
  return [...files.values()].map((file) => cachedObject(table.root, file, metadata.partitionColumns));
}

function cachedObject(root: string, file: AddFile, partitionColumns: readonly string[]): CachedObject {
  const key = `${root}/${keyOfPath(file.path)}`;
  const name = key.slice(key.lastIndexOf('/') + 1);
  return {
    key,
    sizeBytes: file.size,
    relativePath: `${root}/${partitionFolder(partitionColumns, file.partitionValues)}${name}`,
  };
}
