import { Type } from '@sinclair/typebox';

const partitions = { minimum: 1, maximum: 1000, description: 'Partitions of a topic that is created' };
const replicas = { minimum: 1, maximum: 10, description: 'Replicas of a topic that is created' };

const settings = {
  cleanupPolicy: Type.Optional(
    Type.Union([Type.Literal('delete'), Type.Literal('compact'), Type.Literal('compact,delete')], {
      description:
        "delete old records, or keep each key's last one (compact): then Kafka refuses records without a key, which are TRUNCATE events and rows of tables without a key",
    }),
  ),
  retentionMs: Type.Optional(
    Type.Integer({ minimum: -1, description: 'Records are kept this long; -1 without a limit' }),
  ),
  retentionBytes: Type.Optional(
    Type.Integer({ minimum: -1, description: 'Bytes kept per partition; -1 without a limit' }),
  ),
  config: Type.Optional(
    Type.Record(
      Type.String({ pattern: '^[a-z]+(\\.[a-z]+)+$' }),
      Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
      { description: "Other settings by Kafka's names, e.g. min.insync.replicas" },
    ),
  ),
};

const OverrideSection = Type.Object(
  {
    partitions: Type.Optional(Type.Integer(partitions)),
    replicationFactor: Type.Optional(Type.Integer(replicas)),
    ...settings,
  },
  { additionalProperties: false },
);

/** How topics are created. Existing ones are never changed: a difference is a warning. */
export const TopicsSection = Type.Object(
  {
    partitions: Type.Integer({ default: 4, ...partitions }),
    replicationFactor: Type.Integer({ default: 1, ...replicas }),
    ...settings,
    overrides: Type.Record(Type.String({ minLength: 1 }), OverrideSection, {
      default: {},
      description:
        'Settings of topics whose name fits a pattern with *, compared with the whole name and with the name behind the prefix (public.orders is the topic of that table); a later pattern goes before an earlier one',
    }),
  },
  { default: {}, additionalProperties: false },
);
