import { decimalShape, type DeltaField, type DeltaType, type PartitionValues } from '@hasivu/delta';

/** Column that names a partition: it is not in the files. */
export interface PartitionName {
  readonly name: string;
}

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
    throw new TypeError(`the engine has no ${type.type} columns`);
  }
  const decimal = decimalShape(type);
  if (decimal !== null) return `DECIMAL(${decimal.precision},${decimal.scale})`;
  const name = ENGINE_TYPES[type];
  if (name === undefined) throw new TypeError(`the engine has no ${type} columns`);
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
  partitions: readonly PartitionName[],
  files: readonly PartitionFiles[],
): string {
  const outside = new Set(partitions.map((part) => part.name));
  const empty = fields.map((own) => `NULL::${engineType(own.type)} AS ${identifier(own.name)}`);
  const typed = `SELECT ${[...empty, 'NULL::VARCHAR AS __file', 'NULL::BIGINT AS __row'].join(', ')} WHERE false`;
  const reads = files
    .filter((group) => group.paths.length > 0)
    .map((group) => {
      const constants = fields
        .filter((own) => outside.has(own.name))
        .map(
          (own) =>
            `, ${partitionConstant(group.partitionValues[own.name] ?? null, own.type)} AS ${identifier(own.name)}`,
        );
      const paths = group.paths.map(text).join(', ');
      const source = `read_parquet([${paths}], union_by_name = true, filename = '__file', file_row_number = true)`;
      return `SELECT * RENAME (file_row_number AS __row)${constants.join('')} FROM ${source}`;
    });
  const columns = [...fields.map((own) => identifier(own.name)), '__file', '__row'].join(', ');
  return `(SELECT ${columns} FROM (${[typed, ...reads].join(' UNION ALL BY NAME ')}))`;
}

/** A partition value as the engine has it. */
export function partitionConstant(value: string | null, type: DeltaType): string {
  return value === null ? `NULL::${engineType(type)}` : `${text(value)}::${engineType(type)}`;
}
