import { decimalShape, type ColumnMapping, type DeltaType, type PartitionValues } from '@hasivu/delta';

/** Column that names a partition: it is not in the files. */
export interface PartitionName {
  readonly name: string;
}

/** Local files of one partition. */
export interface PartitionFiles {
  /** By the names of the schema. */
  readonly partitionValues: PartitionValues;
  readonly paths: readonly string[];
  /** How the files name the columns: `state.columns` of their table. */
  readonly columns: ColumnMapping;
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
    if (type.type === 'map') return `MAP(${engineType(type.keyType)}, ${engineType(type.valueType)})`;
    const inner = type.fields.map((own) => `${identifier(own.name)} ${engineType(own.type)}`);
    return `STRUCT(${inner.join(', ')})`;
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

/** A partition value as the engine has it. */
export function partitionConstant(value: string | null, type: DeltaType): string {
  return value === null ? `NULL::${engineType(type)}` : `${text(value)}::${engineType(type)}`;
}
