import { Type, type Static } from '@sinclair/typebox';

/** How many bytes the lake may have; all that is stored under its prefix counts. */
export const CapacitySection = Type.Object(
  {
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 65_536,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          'Bytes of all objects under lake.prefix at which lake-sink stops writing until there is room. Left out: they are only measured',
      }),
    ),
    warnAtRatio: Type.Number({
      default: 0.8,
      exclusiveMinimum: 0,
      maximum: 1,
      description:
        'Share of maxBytes from which on health and logs warn, no files are rewritten (from 0.95 on at most), and tables are vacuumed each hour',
    }),
    listEveryMs: Type.Integer({
      default: 300_000,
      minimum: 100,
      maximum: 86_400_000,
      description:
        'Time between two listings of the lake, by each process that writes it: a request for each 1,000 objects. Longer where a listing would take more than a twentieth of the time',
    }),
    recheckEveryMs: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 86_400_000,
      description:
        'The same while writing is refused; longer where a listing would take more than half of the time',
    }),
  },
  {
    additionalProperties: false,
    description: 'How many bytes the lake may have: data, logs, and files that no vacuum has deleted yet',
  },
);

export type CapacityConfig = Static<typeof CapacitySection>;
