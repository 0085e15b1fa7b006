import { type EngineSession, identifier } from '@hasivu/lake-engine';
import type { KeyRange } from '../core/state-plan.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { LakeTable } from './lake-table.ts';

/**
 * First and last key of a relation by the first key column; null when it has no row. @param files of the table whose
 * files are to be found by it
 */
export async function keyRangeOf(
  session: EngineSession,
  shape: TableShape,
  relation: string,
  files: LakeTable,
): Promise<KeyRange | null> {
  const column = shape.key[0] as string;
  const name = identifier(column);
  const [row] = await session.rows(
    `SELECT count(*) AS n, CAST(min(${name}) AS VARCHAR) AS low, CAST(max(${name}) AS VARCHAR) AS high FROM ${relation}`,
  );
  if (row === undefined || Number(row['n']) === 0) return null;
  const type = shape.rowFields.find((own) => own.name === column)?.type ?? 'binary';
  const bound = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { column: files.columns.storedName(column), type, min: bound(row['low']), max: bound(row['high']) };
}
