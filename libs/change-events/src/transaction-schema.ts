import type { AvroField, AvroObject } from './avro-schema.ts';

/** The `transaction` block of a change event or a logical message, as Debezium has it. */
const TRANSACTION_FIELDS: readonly AvroField[] = [
  { name: 'id', type: 'string' },
  { name: 'total_order', type: 'long' },
  { name: 'data_collection_order', type: 'long' },
];

export const TRANSACTION_FIELD: AvroField = {
  name: 'transaction',
  type: ['null', { type: 'record', name: 'block', namespace: 'event', fields: TRANSACTION_FIELDS }],
  default: null,
};

const NAMESPACE = 'io.debezium.connector.common';

/** Key of the records of the topic `<prefix>.transactions`: BEGIN and END of a transaction share it. */
export const TRANSACTION_KEY_SCHEMA: AvroObject = {
  type: 'record',
  name: 'TransactionMetadataKey',
  namespace: NAMESPACE,
  'connect.name': `${NAMESPACE}.TransactionMetadataKey`,
  fields: [{ name: 'id', type: 'string' }],
};

/** Value of those records: Debezium's names, order and meanings. The counts are null in BEGIN. */
export const TRANSACTION_VALUE_SCHEMA: AvroObject = {
  type: 'record',
  name: 'TransactionMetadataValue',
  namespace: NAMESPACE,
  'connect.name': `${NAMESPACE}.TransactionMetadataValue`,
  fields: [
    { name: 'status', type: 'string' },
    { name: 'id', type: 'string' },
    { name: 'event_count', type: ['null', 'long'], default: null },
    {
      name: 'data_collections',
      type: [
        'null',
        {
          type: 'array',
          items: {
            type: 'record',
            name: 'collection',
            namespace: 'event',
            'connect.name': 'event.collection',
            fields: [
              { name: 'data_collection', type: 'string' },
              { name: 'event_count', type: 'long' },
            ],
          },
        },
      ],
      default: null,
    },
    { name: 'ts_ms', type: 'long' },
  ],
};
