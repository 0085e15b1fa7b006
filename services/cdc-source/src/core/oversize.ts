import { formatLsn, toLsn, type SourceMoment } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import { SPAN_UNCHANGED, type TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import { headerBytes, type EventWriter, type RecordHeaders } from './event-writer.ts';
import { tableId } from './table-selection.ts';

/** Prefix of the header that names a value that was left out, with the bytes it had in Postgres. */
export const OMITTED_HEADER = 'pg.omitted.';

/** What becomes of a row that does not fit into a record. */
export type OversizeRule = 'stop' | 'omit';

/** Of a record, beside its value and the texts in its headers: its key, the trace and the header of its batch. */
const BESIDE_VALUE_BYTES = 16 * 1024;

/** The longest value, with the texts in its headers, that a record of at most `recordBytes` may have. */
export function valueLimit(recordBytes: number): number {
  return recordBytes - BESIDE_VALUE_BYTES;
}

/**
 * Makes the envelope that `writer` holds fit: its largest values go, as values that the log does not carry, except those
 * of the key. Returns a header for each.
 * @throws PlatformError SOURCE_ROW_TOO_LARGE where the rule is to stop, or where that is not enough
 */
export function fitEnvelope(
  rule: OversizeRule,
  writer: EventWriter,
  table: CapturedTable,
  moment: SourceMoment,
  src: Buffer,
  before: TupleSpans | null,
  after: TupleSpans | null,
): RecordHeaders {
  if (rule === 'stop') throw tooLarge(tableId(table.schema), moment, writer.size, table.maxValueBytes);
  const headers: [string, Buffer][] = [];
  let beside = 0;
  for (const { column, bytes } of largestFirst(table, before, after)) {
    omit(before, column);
    omit(after, column);
    const header = omittedHeader(table.schema.columns[column]?.name ?? '', bytes);
    headers.push(header);
    beside += headerBytes(header);
    writer.rewriteRows(table, src, before, after);
    if (writer.size + beside > table.maxValueBytes) continue;
    table.omittedValues += headers.length;
    return headers;
  }
  throw tooLarge(tableId(table.schema), moment, writer.size + beside, table.maxValueBytes);
}

/** @param bytes what was left out had in Postgres */
export function omittedHeader(name: string, bytes: number): [string, Buffer] {
  return [OMITTED_HEADER + name, Buffer.from(String(bytes))];
}

/** @param what a table, or what else the record is of */
export function tooLarge(what: string, moment: SourceMoment, bytes: number, limit: number): PlatformError {
  const lsn = toLsn(BigInt.asUintN(32, BigInt(moment.commitLsnHi)) * 2n ** 32n + BigInt(moment.commitLsnLo));
  const position = `${formatLsn(lsn)} (${moment.seq})`;
  return new PlatformError('SOURCE_ROW_TOO_LARGE', {
    doing: `writing the event of ${what} at ${position}`,
    why: `it takes ${bytes} bytes, and a record of its topic may take ${limit}`,
    context: { of: what, position, bytes, limit },
  });
}

function largestFirst(
  table: CapturedTable,
  before: TupleSpans | null,
  after: TupleSpans | null,
): { column: number; bytes: number }[] {
  const sizes = table.schema.columns.map((_, column) => ({
    column,
    bytes: lengthOf(before, column) + lengthOf(after, column),
  }));
  return sizes
    .filter(({ column, bytes }) => bytes > 0 && !table.keyColumns.includes(column))
    .sort((a, b) => b.bytes - a.bytes);
}

function lengthOf(row: TupleSpans | null, column: number): number {
  return row === null || row.start(column) < 0 ? 0 : row.end(column) - row.start(column);
}

function omit(row: TupleSpans | null, column: number): void {
  if (row === null || row.start(column) < 0) return;
  row.bounds[column * 2] = SPAN_UNCHANGED;
  row.unchanged++;
}
