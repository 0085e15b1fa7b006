import { avroFieldNames } from './avro-name.ts';
import type { AvroField, AvroObject, AvroSchema } from './avro-schema.ts';
import type { ColumnSchema, ColumnType, ScalarKind } from './column-type.ts';
import { isInitialValue } from './initial-value.ts';

const SCALARS: Record<ScalarKind, AvroSchema> = {
  boolean: 'boolean',
  int16: { type: 'int', 'connect.type': 'int16' },
  int32: 'int',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  string: 'string',
  bytes: 'bytes',
  json: { type: 'string', 'connect.name': 'io.debezium.data.Json' },
  uuid: { type: 'string', logicalType: 'uuid', 'connect.name': 'io.debezium.data.Uuid' },
  date: { type: 'int', logicalType: 'date' },
  time: { type: 'long', logicalType: 'time-micros' },
  timestamp: { type: 'long', logicalType: 'local-timestamp-micros' },
  timestamptz: { type: 'long', logicalType: 'timestamp-micros' },
};

/** Avro type of a column's non-null value. */
export function avroTypeOf(type: ColumnType): AvroSchema {
  if (type.kind === 'decimal')
    return { type: 'bytes', logicalType: 'decimal', precision: type.precision, scale: type.scale };
  if (type.kind === 'array') return { type: 'array', items: ['null', avroTypeOf(type.element)] };
  return SCALARS[type.kind];
}

/** Fields of a row record: every column is `["null", T]` with default null. */
export function rowFields(columns: readonly ColumnSchema[]): AvroField[] {
  const nullable = fields(columns, (type) => ({ type: ['null', type], default: null }));
  return nullable.map((own, i) => {
    const initial = columns[i]?.initial;
    return initial === undefined ? own : { ...own, pgInitial: initial };
  });
}

/** Fields of a key record: never null. */
export function keyFields(columns: readonly ColumnSchema[]): AvroField[] {
  return fields(columns, (type) => ({ type }));
}

function fields(
  columns: readonly ColumnSchema[],
  shape: (type: AvroSchema) => Pick<AvroField, 'type' | 'default'>,
): AvroField[] {
  const names = avroFieldNames(columns.map((column) => column.name));
  return columns.map((column, i) => {
    const name = names[i] as string;
    return {
      name,
      ...shape(avroTypeOf(column.type)),
      ...(name === column.name ? {} : { pgName: column.name }),
      pgType: column.pgType,
      ...(column.origin === undefined ? {} : { pgOrigin: column.origin }),
    };
  });
}

/** The column that a row or key field describes. @throws TypeError when the field's type is none of {@link avroTypeOf}'s. */
export function columnOf(field: AvroField): ColumnSchema {
  const inner = Array.isArray(field.type)
    ? (field.type as AvroSchema[]).find((branch) => branch !== 'null')
    : field.type;
  if (inner === undefined) throw new TypeError(`field ${field.name}: a union without a value branch`);
  return {
    name: field.pgName ?? field.name,
    type: columnTypeOf(inner),
    pgType: field.pgType ?? '',
    ...(field.pgOrigin === undefined ? {} : { origin: field.pgOrigin }),
    ...(isInitialValue(field.pgInitial) ? { initial: field.pgInitial } : {}),
  };
}

/** Inverse of {@link avroTypeOf}. @throws TypeError for any other Avro type. */
export function columnTypeOf(avro: AvroSchema): ColumnType {
  if (typeof avro === 'string') return plainType(avro);
  if (Array.isArray(avro)) throw new TypeError('unions of several value types are not column types');
  const type = avro as AvroObject;
  if (type.type === 'array' && type.items !== undefined)
    return { kind: 'array', element: columnOf({ name: 'items', type: type.items }).type };
  switch (type.logicalType) {
    case 'decimal':
      return { kind: 'decimal', precision: type.precision ?? 38, scale: type.scale ?? 0 };
    case 'uuid':
    case 'date':
      return { kind: type.logicalType };
    case 'time-micros':
      return { kind: 'time' };
    case 'local-timestamp-micros':
      return { kind: 'timestamp' };
    case 'timestamp-micros':
      return { kind: 'timestamptz' };
    default:
  }
  if (type['connect.name'] === 'io.debezium.data.Json') return { kind: 'json' };
  if (type['connect.type'] === 'int16') return { kind: 'int16' };
  if (typeof type.type !== 'string') throw new TypeError(`unsupported Avro type ${JSON.stringify(avro)}`);
  return plainType(type.type);
}

function plainType(name: string): ColumnType {
  switch (name) {
    case 'boolean':
    case 'string':
    case 'bytes':
      return { kind: name };
    case 'int':
      return { kind: 'int32' };
    case 'long':
      return { kind: 'int64' };
    case 'float':
      return { kind: 'float32' };
    case 'double':
      return { kind: 'float64' };
    default:
      throw new TypeError(`unsupported Avro type ${JSON.stringify(name)}`);
  }
}
