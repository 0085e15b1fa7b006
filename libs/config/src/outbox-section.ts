import { Type, type Static } from '@sinclair/typebox';

const Column = (name: string, description: string) =>
  Type.String({ default: name, minLength: 1, description });

/** The transactional outbox; names and defaults are those of Debezium's event router, unless they are new here. */
export const OutboxSection = Type.Object(
  {
    table: Type.Optional(
      Type.String({
        pattern: '^[^.*]+\\.[^.*]+$',
        description: 'Table whose inserted rows are messages; it is one of tables',
      }),
    ),
    messagePrefix: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Prefix of logical messages (pg_logical_emit_message) whose content is a message: a JSON object with the columns as fields',
      }),
    ),
    columns: Type.Object(
      {
        id: Column('id', 'Unique id of the message: the header id'),
        key: Column('aggregateid', 'Key of the record; what has one key keeps its order'),
        route: Column('aggregatetype', 'Value that the topic is made of'),
        payload: Column('payload', 'Value of the record'),
        timestamp: Type.Optional(
          Type.String({
            minLength: 1,
            description:
              'timestamp or timestamptz column with the time of the record; else the time of the commit',
          }),
        ),
      },
      { default: {}, additionalProperties: false },
    ),
    routePattern: Type.String({
      default: '(?<routedByValue>.*)',
      minLength: 1,
      description: 'Regular expression that the whole route value is compared with',
    }),
    topic: Type.String({
      default: 'outbox.event.${routedByValue}',
      minLength: 1,
      description:
        'Topic, with groups of routePattern as ${name}; where the pattern does not fit, the route value is the topic',
    }),
    additional: Type.Array(
      Type.String({
        pattern: '^[^:]+:(header|envelope|partition)(:[^:]+)?$',
        description:
          'column:placement or column:placement:name, where the placement is header, envelope or partition',
      }),
      {
        default: [],
        description: 'More columns of the row: as headers, beside the payload, or the partition',
      },
    ),
    missingColumn: Type.Union([Type.Literal('error'), Type.Literal('ignore')], {
      default: 'error',
      description: 'When a column of additional does not exist',
    }),
    onUpdate: Type.Union([Type.Literal('warn'), Type.Literal('error'), Type.Literal('fatal')], {
      default: 'warn',
      description: 'When a row is updated: log a warning or an error and go on, or end the service',
    }),
    tombstoneOnEmptyPayload: Type.Boolean({
      default: false,
      description: 'An empty payload is a record without a value, also where the value would be an envelope',
    }),
    expandJsonPayload: Type.Boolean({
      default: false,
      description: 'In an envelope, a payload that is a JSON object or array stands as such, not as a string',
    }),
    format: Type.Union([Type.Literal('raw'), Type.Literal('avro')], {
      default: 'raw',
      description:
        'raw: the bytes of the payload, or a JSON object where columns are placed in the envelope; avro: framed, with a schema from the column types under <topic>-value',
    }),
  },
  { additionalProperties: false },
);

export type OutboxConfig = Static<typeof OutboxSection>;
