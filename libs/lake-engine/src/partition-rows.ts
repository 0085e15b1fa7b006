import type { PartitionValues } from '@hasivu/delta';
import { inPartition } from './engine-files.ts';
import type { EngineFile, EngineSession } from './engine-session.ts';
import { partitionNames, storedFields, type EngineTable } from './engine-table.ts';
import { storedAs, storedIds } from './stored-columns.ts';

/** Rows of one partition of a table. */
export interface PartitionRows {
  /** Of the file; a session writes many, each to a place of its own. */
  readonly name: string;
  /**
   * What stands behind FROM. Conditions stand inside of it: outside, the names that files have may be those of other
   * columns.
   */
  readonly from: string;
  /** A column beside the table's. */
  readonly beside?: string;
  /** As the log has them. */
  readonly partitionValues: PartitionValues;
}

/** Writes rows as the table's files have them. */
export async function writePartitionRows(
  session: EngineSession,
  table: EngineTable,
  { name, from, beside, partitionValues }: PartitionRows,
): Promise<EngineFile[]> {
  const { columns } = table.delta.state;
  const names = storedFields(table).map((own) => own.name);
  const selected = names.map((own) => storedAs(columns, own));
  if (beside !== undefined) selected.push(beside);
  const written = await session.writeParquet(
    `SELECT ${selected.join(', ')} FROM ${from}`,
    `${name}-${table.newId()}`,
    Number.MAX_SAFE_INTEGER,
    [],
    { codec: table.codec, fieldIds: storedIds(columns, names) },
  );
  return inPartition(written, partitionNames(table), columns.namedValues(partitionValues));
}
