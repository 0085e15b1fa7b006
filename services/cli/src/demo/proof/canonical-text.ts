import { identifier } from '@hasivu/lake-engine';

/** A column as both engines know it. */
export interface ComparedColumn {
  readonly name: string;
  /** As Postgres' format_type prints it, e.g. `numeric(10,2)`, `text[]`. */
  readonly pgType: string;
  /** As DuckDB prints it for the lake's table, e.g. `DECIMAL(10,2)`, `VARCHAR[]`. */
  readonly lakeType: string;
}

type TextForm = 'plain' | 'float' | 'hex' | 'microseconds' | 'json-array';

/**
 * How a value becomes the same text on both sides. The text is made by each engine from its own stored value: nothing
 * of this project stands between a value and its text.
 */
function textForm({ pgType, lakeType }: ComparedColumn): TextForm {
  // An array that the lake keeps as Postgres printed it is compared as printed.
  if (pgType.endsWith('[]')) return lakeType.endsWith('[]') ? 'json-array' : 'plain';
  if (pgType === 'real' || pgType === 'double precision') return 'float';
  if (pgType === 'bytea') return 'hex';
  if (pgType.startsWith('time')) return 'microseconds';
  return 'plain';
}

/** SQL text of a column's value in Postgres; null stays null. */
export function postgresText(column: ComparedColumn): string {
  const name = identifier(column.name);
  switch (textForm(column)) {
    case 'plain':
    case 'float':
      return `${name}::text`;
    case 'hex':
      return `encode(${name}, 'hex')`;
    case 'microseconds':
      return `(extract(epoch FROM ${name}) * 1000000)::bigint::text`;
    case 'json-array':
      return `to_json(${name})::text`;
  }
}

/** The same text in DuckDB. */
export function lakeText(column: ComparedColumn): string {
  const name = identifier(column.name);
  switch (textForm(column)) {
    case 'plain':
      return `${name}::VARCHAR`;
    case 'float':
      // Both print the shortest digits that read back; only DuckDB ends whole numbers with ".0".
      return `regexp_replace(${name}::VARCHAR, '\\.0$', '')`;
    case 'hex':
      return `lower(hex(${name}))`;
    case 'microseconds':
      return lakeMicroseconds(name, column.lakeType);
    case 'json-array':
      return `to_json(${name})::VARCHAR`;
  }
}

/** Delta has no type for a time of day: it is kept as microseconds, or as text. */
function lakeMicroseconds(name: string, lakeType: string): string {
  if (lakeType === 'BIGINT') return `${name}::VARCHAR`;
  return lakeType === 'VARCHAR' ? `epoch_us(${name}::TIME)::VARCHAR` : `epoch_us(${name})::VARCHAR`;
}
