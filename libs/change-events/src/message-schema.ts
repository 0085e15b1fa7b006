import type { AvroObject } from './avro-schema.ts';
import { SOURCE_FIELDS } from './envelope-schema.ts';
import { TRANSACTION_FIELD } from './transaction-schema.ts';

const NAMESPACE = 'io.debezium.connector.postgresql';

/** Key of the events of logical messages, as Debezium has it. */
export const MESSAGE_KEY_SCHEMA: AvroObject = {
  type: 'record',
  name: 'MessageKey',
  namespace: NAMESPACE,
  'connect.name': `${NAMESPACE}.MessageKey`,
  fields: [{ name: 'prefix', type: ['null', 'string'], default: null }],
};

/** Value of those events (`op: m`): Debezium's names and order, with the `source` block of all our events. */
export const MESSAGE_VALUE_SCHEMA: AvroObject = {
  type: 'record',
  name: 'MessageValue',
  namespace: NAMESPACE,
  'connect.name': `${NAMESPACE}.MessageValue`,
  fields: [
    { name: 'op', type: 'string' },
    { name: 'ts_ms', type: ['null', 'long'], default: null },
    { name: 'source', type: { type: 'record', name: 'Source', namespace: NAMESPACE, fields: SOURCE_FIELDS } },
    TRANSACTION_FIELD,
    {
      name: 'message',
      type: {
        type: 'record',
        name: 'Message',
        namespace: NAMESPACE,
        fields: [
          { name: 'prefix', type: ['null', 'string'], default: null },
          { name: 'content', type: ['null', 'bytes'], default: null },
        ],
      },
    },
  ],
};
