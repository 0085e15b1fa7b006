import { MAX_DECIMAL_PRECISION, type ColumnType, type ScalarKind } from '@hasivu/change-events';

const NAMES: Record<string, ScalarKind> = {
  boolean: 'boolean',
  bool: 'boolean',
  smallint: 'int16',
  int2: 'int16',
  int16: 'int16',
  integer: 'int32',
  int: 'int32',
  int4: 'int32',
  int32: 'int32',
  bigint: 'int64',
  int8: 'int64',
  int64: 'int64',
  real: 'float32',
  float4: 'float32',
  float32: 'float32',
  double: 'float64',
  'double precision': 'float64',
  float8: 'float64',
  float64: 'float64',
  text: 'string',
  varchar: 'string',
  string: 'string',
  bytea: 'bytes',
  bytes: 'bytes',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
};

const SQL_NAMES: Record<ScalarKind, string> = {
  boolean: 'boolean',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  string: 'text',
  bytes: 'bytea',
  json: 'jsonb',
  uuid: 'uuid',
  date: 'date',
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

/** Parses `int64`, `bigint`, `decimal(10,2)`, `text[]`; a sentence about what is wrong otherwise. */
export function parseTypeName(text: string): ColumnType | string {
  const name = text.trim().toLowerCase().replace(/\s+/g, ' ');
  if (name.endsWith('[]')) {
    const element = parseTypeName(name.slice(0, -2));
    return typeof element === 'string' ? element : { kind: 'array', element };
  }
  const decimal = /^(?:decimal|numeric) ?\( ?(\d+) ?(?:, ?(\d+) ?)?\)$/.exec(name);
  if (decimal) {
    const precision = Number(decimal[1]);
    const scale = Number(decimal[2] ?? '0');
    if (precision < 1 || precision > MAX_DECIMAL_PRECISION || scale > precision)
      return `${name}: the precision goes from 1 to ${MAX_DECIMAL_PRECISION} and the scale from 0 to the precision`;
    return { kind: 'decimal', precision, scale };
  }
  if (name === 'decimal' || name === 'numeric') return `${name} needs its size, e.g. ${name}(18,2)`;
  const kind = NAMES[name];
  return kind ? { kind } : `there is no type ${JSON.stringify(text)}`;
}

/** The type as Postgres names it. */
export function sqlTypeName(type: ColumnType): string {
  if (type.kind === 'decimal') return `numeric(${type.precision},${type.scale})`;
  if (type.kind === 'array') return `${sqlTypeName(type.element)}[]`;
  return SQL_NAMES[type.kind];
}
