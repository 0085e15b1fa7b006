import { blobValue, type DuckDBConnection } from '@duckdb/node-api';
import { parseStatistics, readVector, type LogStore, type TableSnapshot } from '@hasivu/delta';
import { vectorFiles } from './vector-files.ts';

/** Local copies of which rows are marked deleted, and which rows: one bit each. */
const TABLE = 'memory.main.hasivu_marked_rows';

/**
 * Tells the engine which rows of the table's files their deletion vectors take out. @param paths local copies, in the
 * order of the table's files. @returns whether there is any @throws PlatformError LAKE_LOG_CORRUPT, STORE_*
 */
export async function loadMarkedRows(
  connection: DuckDBConnection,
  store: LogStore,
  table: TableSnapshot,
  paths: readonly string[],
): Promise<boolean> {
  const marked = [...table.state.files.values()].flatMap(({ deletionVector, stats }, index) =>
    deletionVector === undefined ? [] : [{ deletionVector, stats, path: paths[index] as string }],
  );
  if (marked.length === 0) return false;
  await connection.run(`CREATE TABLE IF NOT EXISTS ${TABLE} (path VARCHAR PRIMARY KEY, bits BIT)`);
  const vectors = vectorFiles(store, table.root);
  for (const { deletionVector, stats, path } of marked) {
    const rows = await readVector(deletionVector, vectors);
    const bits = rows.toBits(Math.max(0, parseStatistics(stats).numRecords));
    const values = [path, blobValue(bits)];
    await connection.run(`INSERT OR REPLACE INTO ${TABLE} SELECT $1::VARCHAR, CAST($2::BLOB AS BIT)`, values);
  }
  return true;
}

/** `FROM` of a relation that has `__file` and `__row`, without its marked rows. */
export function unmarkedRows(relation: string): string {
  return `${relation} r LEFT JOIN ${TABLE} marked ON marked.path = r.__file WHERE marked.bits IS NULL OR get_bit(marked.bits, CAST(r.__row AS INTEGER)) = 0`;
}
