import { DuckDBListValue, DuckDBMapValue, DuckDBStructValue, type DuckDBValue } from '@duckdb/node-api';

/**
 * A value as JSON text. Whole numbers keep every digit (int64 and beyond are written as digits, not rounded to a
 * double); decimals, dates, times and bytes are strings; NaN and the infinities too, because JSON has no number for them.
 */
export function jsonValue(value: DuckDBValue): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
  if (value instanceof DuckDBListValue) return `[${value.items.map(jsonValue).join(',')}]`;
  if (value instanceof DuckDBStructValue) return jsonObject(Object.entries(value.entries));
  if (value instanceof DuckDBMapValue)
    return jsonObject(value.entries.map((entry) => [textValue(entry.key), entry.value]));
  return JSON.stringify(String(value));
}

/** A value as people read it; null is the word NULL. */
export function textValue(value: DuckDBValue): string {
  return value === null ? 'NULL' : String(value);
}

/** A CSV cell by RFC 4180: quoted where a comma, a quote or a line break asks for it. An empty cell is null, `""` is empty text. */
export function csvCell(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonObject(entries: readonly (readonly [string, DuckDBValue])[]): string {
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${jsonValue(value)}`).join(',')}}`;
}
