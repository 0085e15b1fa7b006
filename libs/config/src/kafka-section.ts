import { Type, type Static } from '@sinclair/typebox';

import { SecretRef, TlsSection } from './reusable-shapes.ts';

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
    topics: Type.Object(
      {
        partitions: Type.Integer({
          default: 4,
          minimum: 1,
          maximum: 1000,
          description: 'Partitions of a topic that is created',
        }),
        replicationFactor: Type.Integer({
          default: 1,
          minimum: 1,
          maximum: 10,
          description: 'Replicas of a topic that is created',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

export type KafkaConfig = Static<typeof KafkaSection>;
