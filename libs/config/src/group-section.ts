import { Type, type Static } from '@sinclair/typebox';

/** Several sinks that divide the tables among themselves. */
export const GroupSection = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[A-Za-z0-9._-]+$',
      description: 'Kafka group of the sinks that write this lake; it holds no offsets',
    }),
    sessionTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 1_000,
      maximum: 1_800_000,
      description:
        'A sink that is not heard of for so long counts as dead, and others write its tables. Kafka takes 6 s at least unless group.min.session.timeout.ms says otherwise',
    }),
    balanceEveryMs: Type.Integer({
      default: 60_000,
      minimum: 1_000,
      maximum: 86_400_000,
      description: 'Time between two looks at whether the loads of the sinks are alike; tables move if not',
    }),
  },
  {
    additionalProperties: false,
    description:
      'Has several lake-sinks with this configuration divide the tables; without it there is to be one',
  },
);

export type GroupConfig = Static<typeof GroupSection>;
