import { lakeText, postgresText, type ComparedColumn } from './canonical-text.ts';

/** Stands for null: no text of the demo holds it. */
const NULL_MARK = 'chr(1)';
const SEPARATOR = 'chr(31)';

/**
 * `SELECT rows, checksum` over a table. The checksum is the sum, over all rows, of both halves of the row's MD5: it does
 * not depend on the order of rows, and a row lost, repeated or changed in one digit changes it. MD5 and the sums are
 * those of the engine that runs it.
 */
export function postgresChecksumSql(table: string, columns: readonly ComparedColumn[]): string {
  const half = (from: number): string =>
    `coalesce(sum(('x' || substr(h, ${from}, 15))::bit(60)::bigint), 0)::text`;
  return `SELECT count(*)::text AS rows, ${half(1)} || ':' || ${half(17)} AS checksum FROM (SELECT ${rowMd5(columns.map(postgresText))} AS h FROM ${table}) hashed`;
}

export function lakeChecksumSql(table: string, columns: readonly ComparedColumn[]): string {
  const half = (from: number): string =>
    `coalesce(sum(('0x' || substr(h, ${from}, 15))::BIGINT), 0)::VARCHAR`;
  return `SELECT count(*)::VARCHAR AS rows, ${half(1)} || ':' || ${half(17)} AS checksum FROM (SELECT ${rowMd5(columns.map(lakeText))} AS h FROM ${table}) hashed`;
}

/** One checksum a column, to name the columns that differ. */
export function postgresColumnSumsSql(table: string, columns: readonly ComparedColumn[]): string {
  return `SELECT ${columns.map((column, index) => `sum(('x' || substr(md5(coalesce(${postgresText(column)}, ${NULL_MARK})), 1, 15))::bit(60)::bigint)::text AS c${index}`).join(', ')} FROM ${table}`;
}

export function lakeColumnSumsSql(table: string, columns: readonly ComparedColumn[]): string {
  return `SELECT ${columns.map((column, index) => `sum(('0x' || substr(md5(coalesce(${lakeText(column)}, ${NULL_MARK})), 1, 15))::BIGINT)::VARCHAR AS c${index}`).join(', ')} FROM ${table}`;
}

function rowMd5(texts: readonly string[]): string {
  return `md5(concat_ws(${SEPARATOR}, ${texts.map((text) => `coalesce(${text}, ${NULL_MARK})`).join(', ')}))`;
}
