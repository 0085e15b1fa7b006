import type { InitialValue } from './initial-value.ts';

/**
 * The logical type of a column, between Postgres, Avro and the lake. JavaScript and wire representations:
 * `date` days since 1970-01-01 · `time`, `timestamp` (no zone), `timestamptz` (UTC instant) microseconds ·
 * `decimal` unscaled two's complement, precision ≤ 38 · `uuid`, `json` and every type without an entry: text as
 * Postgres prints it.
 */
export type ColumnType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'array'; readonly element: ColumnType };

export type ScalarKind =
  | 'boolean'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'json'
  | 'uuid'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz';

export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  /** The type as Postgres names it, e.g. `numeric(10,2)`; information for people. */
  readonly pgType: string;
  /**
   * What the column stays however it is called: its relation's OID and its number there, e.g. `16384.3`. Absent where the
   * source cannot tell it for this place of its log.
   */
  readonly origin?: string;
  /** What rows that were there before the column have in it, where the source does not write them: see {@link InitialValue}. */
  readonly initial?: InitialValue;
}

/** Shape of a table at one moment. Every column can be null in an event, so that schemas evolve `BACKWARD`. */
export interface TableSchema {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly ColumnSchema[];
  /** Column names of the key in key order; empty where the table has none. */
  readonly key: readonly string[];
  /** `ColumnSchema.origin` of columns that the table has and events go or went without. */
  readonly leftOut?: readonly string[];
}

export const MAX_DECIMAL_PRECISION = 38;

export function sameColumnType(a: ColumnType, b: ColumnType): boolean {
  if (a.kind === 'decimal' && b.kind === 'decimal') return a.precision === b.precision && a.scale === b.scale;
  if (a.kind === 'array' && b.kind === 'array') return sameColumnType(a.element, b.element);
  return a.kind === b.kind;
}

/** `decimal(10,2)`, `array<int32>`, `timestamptz`: for messages and documents. */
export function describeColumnType(type: ColumnType): string {
  if (type.kind === 'decimal') return `decimal(${type.precision},${type.scale})`;
  if (type.kind === 'array') return `array<${describeColumnType(type.element)}>`;
  return type.kind;
}
