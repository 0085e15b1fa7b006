import type { ColumnValue } from './column-reader.ts';
import type { ColumnType } from './column-type.ts';
import { decimalText } from './decimal-text.ts';

/**
 * The value of a column in rows that were there before it, as JSON: text, and a list for an array. Booleans are `true`
 * and `false`, bytes hex digits, numbers decimal digits (floats also `NaN`, `Infinity`, `-Infinity`); times are those of
 * the events, in whole numbers: `date` days since 1970-01-01, `time`, `timestamp` and `timestamptz` microseconds.
 */
export type InitialValue = string | readonly (InitialValue | null)[];

/** A decoded value of that type; null has none. */
export function initialValueOf(type: ColumnType, value: ColumnValue): InitialValue | null {
  if (value === null) return null;
  if (type.kind === 'array') {
    const items = Array.isArray(value) ? value : [value];
    return items.map((item) => initialValueOf(type.element, item));
  }
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (type.kind === 'decimal' && typeof value === 'bigint') return decimalText(value, type.scale);
  return String(value);
}

/** What a schema says may be anything. */
export function isInitialValue(value: unknown): value is InitialValue {
  if (typeof value === 'string') return true;
  return Array.isArray(value) && value.every((item) => item === null || isInitialValue(item));
}
