import type { AvroBuffer } from '@hasivu/change-events';

/** The Avro bytes stand for exactly the value Postgres sent. */
export const EXACT = 0;
/** The Avro bytes are the nearest the type can hold (a clamped infinity, a flattened array): keep the source text too. */
export const INEXACT = 1;
/** Nothing was written that means anything: the value has no representation in the type, write null and keep the text. */
export const UNREPRESENTABLE = 2;

export type EncodeOutcome = typeof EXACT | typeof INEXACT | typeof UNREPRESENTABLE;

/**
 * Turns one non-null column value, the bytes `src[start, end)` as the server sent them, into the Avro bytes of the
 * column's type. One encoder is compiled per column and relation version; it allocates nothing for ordinary values.
 */
export type ColumnEncoder = (src: Buffer, start: number, end: number, out: AvroBuffer) => EncodeOutcome;
