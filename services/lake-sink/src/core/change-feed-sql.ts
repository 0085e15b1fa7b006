import { CHANGE_TYPE, identifier, text } from '@hasivu/lake-engine';
import { sameKey } from './order-sql.ts';
import type { ChangePosition } from './change-position.ts';
import { atOrAfter, freshRows, stateFields, withPartitionTexts, type RewriteInput } from './state-sql.ts';
import type { TableShape } from './table-shape.ts';

export interface FeedInput extends RewriteInput {
  /** Rows of the files that hold rows of `state_match`, marked ones too; null when there is none. */
  readonly matched: string | null;
  /** Unmarked rows of the whole table; null where the batch has no TRUNCATE. */
  readonly beforeTruncate: string | null;
}

/** View over what the batch does to the table, a row each; an update is two. */
export const STATE_CHANGES = 'state_changes';

/**
 * View `state_changes`: the rows that the batch writes, the rows of the table that they replace or that a DELETE takes,
 * and those that a TRUNCATE takes. A row that is truncated and comes again was deleted and inserted.
 */
export function stateChangesSql(shape: TableShape, input: FeedInput): string {
  const truncatedAt = input.beforeTruncate === null ? null : input.truncatedAt;
  const parts = [written(shape, input, truncatedAt)];
  if (input.matched !== null) parts.push(replaced(shape, input.matched, truncatedAt));
  if (input.beforeTruncate !== null && truncatedAt !== null)
    parts.push(truncated(shape, input.beforeTruncate, truncatedAt));
  return `CREATE OR REPLACE TEMP VIEW ${STATE_CHANGES} AS ${withPartitionTexts(shape, parts.join(' UNION ALL '))}`;
}

/** Changed rows by what happened to them, in files that the engine wrote of the view. */
export function countChangesSql(paths: readonly string[]): string {
  return `SELECT _change_type AS type, count(*) AS n FROM read_parquet([${paths.map(text).join(', ')}], hive_partitioning = false) GROUP BY ALL`;
}

function written(shape: TableShape, input: RewriteInput, truncatedAt: ChangePosition | null): string {
  const had = `EXISTS (SELECT 1 FROM state_match m WHERE ${sameKey(shape.key, 'm', 'f')}${survives('m', truncatedAt)})`;
  return `SELECT f.*, ${typed(`CASE WHEN ${had} THEN 'update_postimage' ELSE 'insert' END`)} FROM (${freshRows(shape, input)}) f`;
}

function replaced(shape: TableShape, matched: string, truncatedAt: ChangePosition | null): string {
  const type = typed(`CASE WHEN c._op = 'd' THEN 'delete' ELSE 'update_preimage' END`);
  return (
    `SELECT ${columnsOf(shape)}, ${type} FROM ${matched} e JOIN state_match m ON m.__file = e.__file AND m.__row = e.__row ` +
    `JOIN change_last c ON ${sameKey(shape.key, 'c', 'm')} WHERE true${survives('m', truncatedAt)}`
  );
}

function truncated(shape: TableShape, rows: string, truncatedAt: ChangePosition): string {
  return `SELECT ${columnsOf(shape)}, ${typed("'delete'")} FROM ${rows} e WHERE NOT ${atOrAfter('e', truncatedAt)}`;
}

function survives(alias: string, truncatedAt: ChangePosition | null): string {
  return truncatedAt === null ? '' : ` AND ${atOrAfter(alias, truncatedAt)}`;
}

function columnsOf(shape: TableShape): string {
  return stateFields(shape)
    .map((own) => `e.${identifier(own.name)}`)
    .join(', ');
}

function typed(expression: string): string {
  return `${expression} AS ${identifier(CHANGE_TYPE.name)}`;
}
