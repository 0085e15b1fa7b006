import type { TupleSpans } from '@hasivu/pgoutput';
import type { KeyText } from '@hasivu/postgres';

import type { CapturedTable } from '../captured-table.ts';

/**
 * A value as the server prints it, before any rule for columns; null for null.
 * @param maxBytes what is longer is cut off somewhere behind
 */
export function columnText(
  table: CapturedTable,
  column: number,
  buf: Buffer,
  row: TupleSpans,
  maxBytes = Infinity,
): string | null {
  const start = row.start(column);
  // A character that is cut in two becomes one of three bytes, so the text stays longer than the bound.
  const end = Math.min(row.end(column), start + maxBytes + 4);
  if (start < 0) return null;
  if (row.binary[column] !== 1) return buf.toString('utf8', start, end);
  const text = table.binary[column]?.text(buf, start, end) ?? '';
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** The key of a row as the server prints it. */
export function keyTextOf(table: CapturedTable, buf: Buffer, row: TupleSpans): KeyText {
  return table.keyColumns.map((column) => columnText(table, column, buf, row) ?? '');
}
