import { Type, type Static } from '@sinclair/typebox';

import { SecretRef, TlsSection } from './reusable-shapes.ts';
import { TopicsSection } from './topics-section.ts';

export const KafkaSection = Type.Object(
  {
    brokers: Type.Array(Type.String({ pattern: '^[^\\s,]+:\\d{1,5}$' }), {
      minItems: 1,
      description: 'Bootstrap brokers, host:port',
    }),
    registry: Type.String({ format: 'uri', description: 'Schema registry with the Confluent REST API' }),
    prefix: Type.String({
      default: 'hasivu',
      pattern: '^[A-Za-z0-9._-]{1,100}$',
      description: 'First part of every topic name',
    }),
    tls: Type.Optional(TlsSection),
    sasl: Type.Optional(
      Type.Object(
        {
          mechanism: Type.Union([
            Type.Literal('plain'),
            Type.Literal('scram-sha-256'),
            Type.Literal('scram-sha-512'),
          ]),
          username: SecretRef('User name'),
          password: SecretRef('Password'),
        },
        { additionalProperties: false },
      ),
    ),
    registryAuth: Type.Optional(
      Type.Object(
        { username: SecretRef('User name'), password: SecretRef('Password') },
        { additionalProperties: false },
      ),
    ),
    registryTls: Type.Optional(TlsSection),
    compression: Type.Union(
      [
        Type.Literal('none'),
        Type.Literal('gzip'),
        Type.Literal('snappy'),
        Type.Literal('lz4'),
        Type.Literal('zstd'),
      ],
      {
        default: 'none',
        description:
          'Codec of the record batches that are written; every codec is read. zstd makes the fewest bytes, none costs the least CPU',
      },
    ),
    maxRecordBytes: Type.Integer({
      default: 8 * 1024 ** 2,
      minimum: 64 * 1024,
      maximum: 100_000_000,
      description:
        'Largest record that is written, in bytes, and max.message.bytes of topics that are created (kafka.topics goes before it). Where an existing topic allows less, a warning says so and its own bound counts. Many services for Kafka allow no more than the default',
    }),
    topics: TopicsSection,
  },
  { additionalProperties: false },
);

export type KafkaConfig = Static<typeof KafkaSection>;
