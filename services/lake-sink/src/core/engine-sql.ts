import { decimalShape, type DeltaField, type DeltaType, type PartitionValues } from '@hasivu/delta';
import type { PartitionColumn } from './partition-spec.ts';

/** Local files of one partition. */
export interface PartitionFiles {
  readonly partitionValues: PartitionValues;
  readonly paths: readonly string[];
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** The engine's name of a Delta type. */
export function engineType(type: DeltaType): string {
  if (typeof type !== 'string') {
    if (type.type === 'array') return `${engineType(type.elementType)}[]`;
    throw new TypeError(`the sink writes no ${type.type} columns`);
  }
  const decimal = decimalShape(type);
  if (decimal !== null) return `DECIMAL(${decimal.precision},${decimal.scale})`;
  const name = ENGINE_TYPES[type];
  if (name === undefined) throw new TypeError(`the sink writes no ${type} columns`);
  return name;
}

const ENGINE_TYPES: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  byte: 'TINYINT',
  short: 'SMALLINT',
  integer: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
  timestamp_ntz: 'TIMESTAMP',
};

/**
 * A relation of these columns over local Parquet files. Files may lack columns that came later (null) or hold a
 * narrower type (cast); a column that names the partition is a constant. `__file` and `__row` say where a row stands.
 */
export function readFiles(
  fields: readonly DeltaField[],
  partitions: readonly PartitionColumn[],
  files: readonly PartitionFiles[],
): string {
  const identities = partitions.filter((part) => part.transform === 'identity').map((part) => part.name);
  const empty = fields.map((own) => `NULL::${engineType(own.type)} AS ${identifier(own.name)}`);
  const typed = `SELECT ${[...empty, 'NULL::VARCHAR AS __file', 'NULL::BIGINT AS __row'].join(', ')} WHERE false`;
  const reads = files
    .filter((group) => group.paths.length > 0)
    .map((group) => {
      const constants = fields
        .filter((own) => identities.includes(own.name))
        .map(
          (own) =>
            `, ${constant(group.partitionValues[own.name] ?? null, own.type)} AS ${identifier(own.name)}`,
        );
      const paths = group.paths.map(text).join(', ');
      const source = `read_parquet([${paths}], union_by_name = true, filename = '__file', file_row_number = true)`;
      return `SELECT * RENAME (file_row_number AS __row)${constants.join('')} FROM ${source}`;
    });
  const columns = [...fields.map((own) => identifier(own.name)), '__file', '__row'].join(', ');
  return `(SELECT ${columns} FROM (${[typed, ...reads].join(' UNION ALL BY NAME ')}))`;
}

function constant(value: string | null, type: DeltaType): string {
  return value === null ? `NULL::${engineType(type)}` : `${text(value)}::${engineType(type)}`;
}

/** Text of a row's partition value, worded as the change log's writer words it. */
export function partitionExpression(part: PartitionColumn, type: DeltaType): string {
  const column = identifier(part.source);
  if (part.transform === 'identity')
    return type === 'string' ? `nullif(${column}, '')` : `CAST(${column} AS VARCHAR)`;
  // Through microseconds, so that the session's time zone has no say.
  const moment = type === 'date' ? `CAST(${column} AS TIMESTAMP)` : `make_timestamp(epoch_us(${column}))`;
  const inRange = `${moment} >= TIMESTAMP '1000-01-01' AND ${moment} < TIMESTAMP '9999-12-31 23:59:59.999'`;
  return `CASE WHEN isfinite(${column}) AND ${inRange} THEN strftime(${moment}, ${text(FORMAT[part.transform])}) END`;
}

const FORMAT = { year: '%Y', month: '%Y-%m', day: '%Y-%m-%d', hour: '%Y-%m-%dT%H' } as const;

/** Equality of all key columns of two aliases. */
export function sameKey(key: readonly string[], left: string, right: string): string {
  return key.map((name) => `${left}.${identifier(name)} = ${right}.${identifier(name)}`).join(' AND ');
}

/** `(left._lsn, left._seq) >= (right._lsn, right._seq)`. */
export function notBefore(left: string, right: string): string {
  return `(${left}._lsn > ${right}._lsn OR (${left}._lsn = ${right}._lsn AND ${left}._seq >= ${right}._seq))`;
}
