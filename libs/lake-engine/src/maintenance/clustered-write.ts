import { rm } from 'node:fs/promises';
import type { ColumnMapping, DeltaField } from '@hasivu/delta';
import type { EngineFile, EngineSession, WriteOptions } from '../engine-session.ts';
import { identifier, text } from '../engine-sql.ts';
import { storedAs } from '../stored-columns.ts';
import {
  CURVE,
  curveBoundsSql,
  curvePartSql,
  curveSql,
  rangeBoundsSql,
  zOrderedSql,
} from './core/zorder-sql.ts';

export interface ClusteredRows {
  /** SQL of the rows, by the names of the schema. */
  readonly relation: string;
  /** Columns that files have. */
  readonly stored: readonly DeltaField[];
  /** Those of them that the curve is over. */
  readonly clusterBy: readonly string[];
  readonly columns: ColumnMapping;
  /** Bytes of the files that the rows are from. */
  readonly bytes: number;
  /** Size that a file aims at, in bytes. */
  readonly targetBytes: number;
}

/**
 * Compressed bytes that are sorted at once: with more the engine comes to the end of the memory that keeps the process
 * below 256 MiB, since it holds a block of each sorted run while it merges them.
 */
const SORT_BYTES = 32 << 20;
/** Of files that are read again right away: many of them are open at once. */
const PART_ROW_GROUP_BYTES = 1 << 20;
const PART = '__part';

/**
 * Writes rows along a Z-order curve. What is too much to be sorted at once is cut along the curve first, into files of
 * its own on local disk, and sorted a part after the other; memory then does not grow with the rows, disk by their bytes
 * once more, and CPU by half.
 * @param sortBytes compressed bytes that are sorted at once
 */
export async function writeClustered(
  session: EngineSession,
  rows: ClusteredRows,
  name: string,
  options: WriteOptions,
  sortBytes = SORT_BYTES,
): Promise<EngineFile[]> {
  const { relation, stored, columns, bytes, targetBytes } = rows;
  const selected = stored.map((own) => storedAs(columns, own.name));
  const along = rows.clusterBy.flatMap((column) => stored.find((own) => own.name === column) ?? []);
  const [found = {}] = await session.rows(rangeBoundsSql(relation, along));
  const ranges = along.map((_, at) => (found[`c${at}`] ?? []) as string[]);
  const parts = Math.ceil(bytes / Math.min(sortBytes, Math.max(targetBytes, sortBytes / 2)));
  if (bytes <= sortBytes || parts < 2)
    return await session.writeParquet(
      zOrderedSql(relation, selected, along, ranges),
      name,
      targetBytes,
      [],
      options,
    );
  const [cut = {}] = await session.rows(curveBoundsSql(relation, along, ranges, parts));
  const number = curvePartSql((cut['bounds'] ?? []) as string[]);
  const split = `SELECT *, ${number} AS ${PART} FROM (${curveSql(relation, selected, along, ranges)})`;
  const cuts = await session.writeParquet(split, `${name}-parts`, targetBytes, [PART], {
    codec: 'lz4',
    rowGroupBytes: PART_ROW_GROUP_BYTES,
  });
  const within = along.map((own) => identifier(columns.storedName(own.name)));
  const written: EngineFile[] = [];
  for (const [at, part] of inOrder(cuts)) {
    const isSorted = within.length === 1 && isOnePlace(part);
    const order = isSorted ? '' : ` ORDER BY ${[CURVE, ...within].join(', ')}`;
    const paths = part.map(({ path }) => text(path)).join(', ');
    const query = `SELECT * EXCLUDE (${CURVE}) FROM read_parquet([${paths}], hive_partitioning = false)${order}`;
    written.push(...(await session.writeParquet(query, `${name}-${at}`, targetBytes, [], options)));
    for (const { path } of part) await rm(path, { force: true });
  }
  return written;
}

function inOrder(files: readonly EngineFile[]): [number, EngineFile[]][] {
  const byPart = Map.groupBy(files, ({ partitionTexts }) => Number(partitionTexts.get(PART)));
  return [...byPart].sort(([left], [right]) => left - right);
}

/** All rows are at one place of the curve: of a single column it is one range, mostly one value, however many rows have it. */
function isOnePlace(part: readonly EngineFile[]): boolean {
  const bounds = part.map(({ columns }) => columns.get(identifier(CURVE)));
  const first = bounds[0]?.get('min');
  return first !== undefined && bounds.every((one) => one?.get('min') === first && one.get('max') === first);
}
