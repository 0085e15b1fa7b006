import { columnOf } from './avro-column.ts';
import { AvroDecodeError } from './avro-decode-error.ts';
import type { AvroField, AvroObject, AvroSchema } from './avro-schema.ts';
import type { ColumnSchema } from './column-type.ts';
import { ENVELOPE_FIELDS, SOURCE_FIELDS } from './envelope-schema.ts';

/** What a reader has to know of a writer's schema, worked out once per schema id. */
export interface EnvelopeLayout {
  readonly namespace: string;
  readonly columns: readonly ColumnSchema[];
  /** `TableSchema.leftOut`. */
  readonly leftOut?: readonly string[];
}

/** The key record's columns, in order. */
export interface KeyLayout {
  readonly columns: readonly ColumnSchema[];
}

/** @throws AvroDecodeError when the schema is not that of a change event. */
export function layoutOf(schemaJson: string): EnvelopeLayout {
  const schema = parseRecord(schemaJson);
  expectNames('envelope', schema.fields ?? [], ENVELOPE_FIELDS);
  const source = (schema.fields as AvroField[])[2]?.type as AvroObject;
  expectNames(
    'source',
    source.fields ?? [],
    SOURCE_FIELDS.map((field) => field.name),
  );
  const before = (schema.fields as AvroField[])[5]?.type as readonly AvroSchema[];
  const row = before[1] as AvroObject;
  const layout = { namespace: schema.namespace ?? '', columns: columnsOf(row.fields ?? []) };
  return schema.pgLeftOut === undefined ? layout : { ...layout, leftOut: schema.pgLeftOut };
}

/** @throws AvroDecodeError when the schema is not a record of column types. */
export function keyLayoutOf(schemaJson: string): KeyLayout {
  return { columns: columnsOf(parseRecord(schemaJson).fields ?? []) };
}

function columnsOf(fields: readonly AvroField[]): ColumnSchema[] {
  try {
    return fields.map(columnOf);
  } catch (error) {
    throw new AvroDecodeError(`not a change event's schema: ${(error as Error).message}`, { cause: error });
  }
}

function parseRecord(schemaJson: string): AvroObject {
  let schema: AvroSchema;
  try {
    schema = JSON.parse(schemaJson) as AvroSchema;
  } catch (error) {
    throw new AvroDecodeError('the schema is not JSON', { cause: error });
  }
  if (typeof schema !== 'object' || !('fields' in schema))
    throw new AvroDecodeError('the schema is not an Avro record');
  return schema;
}

function expectNames(what: string, fields: readonly AvroField[], names: readonly string[]): void {
  const found = fields.map((field) => field.name);
  if (found.length !== names.length || found.some((name, i) => name !== names[i])) {
    throw new AvroDecodeError(
      `not a change event's schema: the ${what} record has the fields ${found.join(', ')}`,
    );
  }
}
