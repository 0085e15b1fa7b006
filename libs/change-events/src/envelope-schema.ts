import { keyFields, rowFields } from './avro-column.ts';
import { avroName } from './avro-name.ts';
import type { AvroField, AvroObject } from './avro-schema.ts';
import type { ColumnSchema, TableSchema } from './column-type.ts';
import { TRANSACTION_FIELD } from './transaction-schema.ts';

/**
 * The `source` block: Debezium's names and meanings, then ours. `lsn` is the position of the row's own log record,
 * (`commit_lsn`, `seq`) the event's place in the total order of the source.
 */
export const SOURCE_FIELDS: readonly AvroField[] = [
  { name: 'version', type: 'string' },
  { name: 'connector', type: 'string' },
  { name: 'name', type: 'string' },
  { name: 'ts_ms', type: 'long' },
  { name: 'snapshot', type: 'string', default: 'false' },
  { name: 'db', type: 'string' },
  { name: 'sequence', type: ['null', 'string'], default: null },
  { name: 'schema', type: 'string' },
  { name: 'table', type: 'string' },
  { name: 'txId', type: ['null', 'long'], default: null },
  { name: 'lsn', type: ['null', 'long'], default: null },
  { name: 'xmin', type: ['null', 'long'], default: null },
  { name: 'commit_lsn', type: 'long' },
  { name: 'seq', type: 'long' },
];

/** Order of the envelope's fields: what a reader needs first comes first, so that rows are decoded in one pass. */
export const ENVELOPE_FIELDS = [
  'op',
  'ts_ms',
  'source',
  'transaction',
  'unavailable',
  'before',
  'after',
] as const;

/** Written in the place of an unchanged out-of-line value where the column's type is a string, as Debezium does. */
export const UNAVAILABLE_VALUE = '__debezium_unavailable_value';

export function tableNamespace(prefix: string, table: Pick<TableSchema, 'schema' | 'table'>): string {
  return namespaceOf([prefix, table.schema, table.table]);
}

export function namespaceOf(parts: readonly string[]): string {
  return parts
    .flatMap((part) => part.split('.'))
    .map(avroName)
    .join('.');
}

/** Envelope schema of rows with these columns, as one Avro record `<namespace>.Envelope`. */
export function envelopeSchema(namespace: string, columns: readonly ColumnSchema[]): AvroObject {
  const row: AvroObject = { type: 'record', name: 'Value', namespace, fields: rowFields(columns) };
  return {
    type: 'record',
    name: 'Envelope',
    namespace,
    'connect.name': `${namespace}.Envelope`,
    fields: [
      { name: 'op', type: 'string' },
      { name: 'ts_ms', type: ['null', 'long'], default: null },
      {
        name: 'source',
        type: {
          type: 'record',
          name: 'Source',
          namespace: 'io.debezium.connector.postgresql',
          fields: SOURCE_FIELDS,
        },
      },
      TRANSACTION_FIELD,
      {
        name: 'unavailable',
        type: ['null', { type: 'array', items: 'string' }],
        default: null,
        doc: 'columns whose unchanged out-of-line value the log does not carry',
      },
      { name: 'before', type: ['null', row], default: null },
      { name: 'after', type: ['null', `${namespace}.Value`], default: null },
    ],
  };
}

/** Key schema: the key columns in key order, never null; null for a table without a key. */
export function keyRecordSchema(
  namespace: string,
  columns: readonly ColumnSchema[],
  key: readonly string[],
): AvroObject | null {
  if (key.length === 0) return null;
  const byName = new Map(columns.map((column) => [column.name, column]));
  const parts = key.map((name) => {
    const column = byName.get(name);
    if (!column) throw new RangeError(`key column ${JSON.stringify(name)} is not a column of ${namespace}`);
    return column;
  });
  return { type: 'record', name: 'Key', namespace, fields: keyFields(parts) };
}

export function valueSchema(prefix: string, table: TableSchema): AvroObject {
  const schema = envelopeSchema(tableNamespace(prefix, table), table.columns);
  return table.leftOut === undefined || table.leftOut.length === 0
    ? schema
    : { ...schema, pgLeftOut: table.leftOut };
}

export function keySchema(prefix: string, table: TableSchema): AvroObject | null {
  return keyRecordSchema(tableNamespace(prefix, table), table.columns, table.key);
}
