import { decimalShape, type DeltaType } from '@hasivu/delta';

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  long: 'BIGINT',
  integer: 'INTEGER',
  short: 'SMALLINT',
  byte: 'TINYINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
  timestamp_ntz: 'TIMESTAMP',
};

/** DuckDB's type for a Delta type. Types that this reader does not know are read as text. */
export function duckdbType(type: DeltaType): string {
  if (typeof type === 'string') {
    const decimal = decimalShape(type);
    return decimal ? `DECIMAL(${decimal.precision},${decimal.scale})` : (PRIMITIVES[type] ?? 'VARCHAR');
  }
  switch (type.type) {
    case 'array':
      return `${duckdbType(type.elementType)}[]`;
    case 'map':
      return `MAP(${duckdbType(type.keyType)}, ${duckdbType(type.valueType)})`;
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckdbType(field.type)}`).join(', ')})`;
    default:
      return type satisfies never;
  }
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
