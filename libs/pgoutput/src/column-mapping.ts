import { MAX_DECIMAL_PRECISION, type ColumnType } from '@hasivu/change-events';

import type { PgType, TypeLookup } from './pg-type.ts';

const STRING: ColumnType = { kind: 'string' };

/** Built-in types with a representation of their own; every other type is text as Postgres prints it. */
export const BUILT_IN_TYPES: Readonly<Record<string, ColumnType>> = {
  bool: { kind: 'boolean' },
  int2: { kind: 'int16' },
  int4: { kind: 'int32' },
  int8: { kind: 'int64' },
  oid: { kind: 'int64' },
  float4: { kind: 'float32' },
  float8: { kind: 'float64' },
  bytea: { kind: 'bytes' },
  json: { kind: 'json' },
  jsonb: { kind: 'json' },
  uuid: { kind: 'uuid' },
  date: { kind: 'date' },
  time: { kind: 'time' },
  timestamp: { kind: 'timestamp' },
  timestamptz: { kind: 'timestamptz' },
};

export interface DeclaredColumn {
  readonly typeOid: number;
  /** `atttypmod`, -1 where the type has none. */
  readonly typmod: number;
  /** `attndims`: declared dimensions of an array. */
  readonly dimensions: number;
}

/**
 * Logical type of a column. Domains are their base type, enums text, arrays of one declared dimension lists; an array
 * declared with more dimensions is text, because a list of lists would change its type with the value.
 */
export function mapColumnType(column: DeclaredColumn, lookup: TypeLookup): ColumnType {
  const type = lookup(column.typeOid);
  if (!type) return STRING;
  if (type.kind === 'd') {
    const dimensions = Math.max(type.baseDimensions, column.dimensions);
    return mapColumnType({ typeOid: type.baseOid, typmod: type.baseTypmod, dimensions }, lookup);
  }
  if (type.elementOid !== 0) {
    const element = lookup(type.elementOid);
    if (!element || element.delimiter !== ',' || column.dimensions > 1) return STRING;
    const elementType = mapColumnType(
      { typeOid: type.elementOid, typmod: column.typmod, dimensions: 0 },
      lookup,
    );
    // A domain over an array as element prints as a quoted literal: text keeps it whole.
    return { kind: 'array', element: elementType.kind === 'array' ? STRING : elementType };
  }
  if (type.schema !== 'pg_catalog') return STRING;
  if (type.name === 'numeric') return numericType(column.typmod);
  return BUILT_IN_TYPES[type.name] ?? STRING;
}

/** `numeric(p,s)` with p ≤ 38 and 0 ≤ s ≤ p; unconstrained, wider and odd scales are exact text. */
function numericType(typmod: number): ColumnType {
  if (typmod < 4) return STRING;
  const precision = ((typmod - 4) >> 16) & 0xffff;
  // The scale is an 11-bit signed number.
  const scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
  return precision <= MAX_DECIMAL_PRECISION && scale >= 0 && scale <= precision
    ? { kind: 'decimal', precision, scale }
    : STRING;
}

/** SQL names of types whose catalog name is another. */
export const SQL_NAMES: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bpchar: 'character',
  varchar: 'character varying',
  time: 'time without time zone',
  timetz: 'time with time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

/** The type as `format_type` names it, for people: `numeric(10,2)`, `character varying(20)[]`. */
export function describePgType(column: DeclaredColumn, lookup: TypeLookup): string {
  const type = lookup(column.typeOid);
  if (!type) return `type ${column.typeOid}`;
  if (type.elementOid !== 0) {
    return `${describePgType({ ...column, typeOid: type.elementOid, dimensions: 0 }, lookup)}[]`;
  }
  return qualifiedName(type) + modifier(type, column.typmod);
}

function qualifiedName(type: PgType): string {
  return type.schema === 'pg_catalog' ? (SQL_NAMES[type.name] ?? type.name) : `${type.schema}.${type.name}`;
}

function modifier(type: PgType, typmod: number): string {
  if (typmod < 0 || type.schema !== 'pg_catalog') return '';
  switch (type.name) {
    case 'numeric':
      return `(${((typmod - 4) >> 16) & 0xffff},${(((typmod - 4) & 0x7ff) ^ 1024) - 1024})`;
    case 'bpchar':
    case 'varchar':
      return `(${typmod - 4})`;
    case 'bit':
    case 'varbit':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return `(${typmod})`;
    default:
      return '';
  }
}
