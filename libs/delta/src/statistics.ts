import { decimalShape, type DeltaField, type DeltaType } from './schema.ts';

/** Leaf columns that statistics cover, as Delta's `dataSkippingNumIndexedCols` has it by default. */
const INDEXED_COLUMNS = 32;

/** Bounds of one column in Delta's text form (numbers as digits); absent when unknown or not representable. */
export interface ColumnStatistics {
  readonly min?: string | undefined;
  readonly max?: string | undefined;
  readonly nullCount?: number | undefined;
}

export interface FileStatistics {
  readonly numRecords: number;
  readonly columns: ReadonlyMap<string, ColumnStatistics>;
}

const EMPTY: FileStatistics = { numRecords: -1, columns: new Map() };

/** JSON text of `add.stats`. Digits are put in as they are: a JavaScript number would round them. */
export function statisticsJson(fields: readonly DeltaField[], statistics: FileStatistics): string {
  const min: string[] = [];
  const max: string[] = [];
  const nulls: string[] = [];
  for (const { name, type } of fields.slice(0, INDEXED_COLUMNS)) {
    const column = statistics.columns.get(name);
    if (column === undefined) continue;
    const quoted = JSON.stringify(name);
    if (column.nullCount !== undefined) nulls.push(`${quoted}:${column.nullCount}`);
    if (column.min === undefined || column.max === undefined || !isOrdered(type)) continue;
    min.push(`${quoted}:${literal(type, column.min)}`);
    max.push(`${quoted}:${literal(type, column.max)}`);
  }
  const parts = [
    `"numRecords":${statistics.numRecords}`,
    `"minValues":{${min.join()}}`,
    `"maxValues":{${max.join()}}`,
  ];
  return `{${parts.join()},"nullCount":{${nulls.join()}},"tightBounds":true}`;
}

interface SourceContext {
  readonly source?: string;
}
const parseWithSource = JSON.parse as (
  text: string,
  revive: (this: unknown, key: string, value: unknown, context: SourceContext) => unknown,
) => unknown;

/** Reads `add.stats` keeping every digit; statistics that are missing or broken say nothing (`numRecords` −1). */
export function parseStatistics(json: string | undefined): FileStatistics {
  if (json === undefined || json === '') return EMPTY;
  try {
    const raw = parseWithSource(json, (_, value, context) =>
      typeof value === 'number' ? (context.source ?? String(value)) : value,
    ) as {
      numRecords?: string;
      minValues?: Record<string, unknown>;
      maxValues?: Record<string, unknown>;
      nullCount?: Record<string, unknown>;
    };
    const columns = new Map<string, ColumnStatistics>();
    const names = new Set([...Object.keys(raw.minValues ?? {}), ...Object.keys(raw.nullCount ?? {})]);
    for (const name of names) {
      columns.set(name, {
        min: text(raw.minValues?.[name]),
        max: text(raw.maxValues?.[name]),
        nullCount: typeof raw.nullCount?.[name] === 'string' ? Number(raw.nullCount[name]) : undefined,
      });
    }
    return { numRecords: Number(raw.numRecords ?? -1), columns };
  } catch {
    return EMPTY;
  }
}

/** First 32 UTF-16 units, not splitting a surrogate pair: never above the value. */
export function truncatedMin(value: string): string {
  if (value.length <= MAX_TEXT) return value;
  return value.slice(0, isHighSurrogate(value, MAX_TEXT - 1) ? MAX_TEXT - 1 : MAX_TEXT);
}

/** A short text that is not below the value: 32 units and a tie-breaker, or undefined when none is safe. */
export function truncatedMax(value: string, whole = true): string | undefined {
  if (whole && value.length <= MAX_TEXT) return value;
  let cut = isHighSurrogate(value, MAX_TEXT - 1) ? MAX_TEXT + 1 : MAX_TEXT;
  while (cut < Math.min(value.length, 2 * MAX_TEXT)) {
    const next = value.codePointAt(cut) as number;
    if (next < 0x7f) return `${value.slice(0, cut)}\u007f`;
    if (next < 0x10ffff) return `${value.slice(0, cut)}\u{10ffff}`;
    cut += 2;
  }
  return undefined;
}

/** `YYYY-MM-DD`, or undefined outside the years that readers parse. */
export function dateText(days: number): string | undefined {
  const ms = days * 86_400_000;
  return ms < FIRST_MS || ms > LAST_MS ? undefined : new Date(ms).toISOString().slice(0, 10);
}

/** ISO 8601 cut down to milliseconds, as Spark writes it (readers allow for it); `Z` for instants only. */
export function timestampText(micros: bigint, utc: boolean): string | undefined {
  const ms = Number(floorDivide(micros, 1000n));
  if (ms < FIRST_MS || ms > LAST_MS) return undefined;
  const iso = new Date(ms).toISOString();
  return utc ? iso : iso.slice(0, -1);
}

/** Every digit of an unscaled decimal. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const MAX_TEXT = 32;
/** 0001-01-01 and the end of 9999-12-31. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function isHighSurrogate(value: string, at: number): boolean {
  const unit = value.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00;
}

function isOrdered(type: DeltaType): boolean {
  return typeof type === 'string' && type !== 'binary' && type !== 'boolean';
}

function literal(type: DeltaType, value: string): string {
  const bare =
    ['byte', 'short', 'integer', 'long', 'float', 'double'].includes(type as string) ||
    decimalShape(type) !== null;
  return bare ? value : JSON.stringify(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
