import { Type, type Static } from '@sinclair/typebox';

const Tier = (what: string) =>
  Type.Optional(
    Type.Object(
      {
        afterDays: Type.Number({
          minimum: 0,
          maximum: 36_500,
          description: `Files whose newest row is this old, and that nobody has read since, are ${what}`,
        }),
        storageClass: Type.String({
          pattern: '^[A-Z][A-Z0-9_]*$',
          description: `The store's name of the class of ${what} files, e.g. STANDARD_IA or GLACIER_IR; objects in it have to be readable at once`,
        }),
      },
      { additionalProperties: false },
    ),
  );

const Names = (description: string) =>
  Type.Array(Type.String({ minLength: 1 }), { default: [], maxItems: 100, description });

const AccessLog = Type.Object(
  {
    bucket: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: "Bucket that the log is in; the lake's own where it is left out",
      }),
    ),
    prefix: Type.String({
      minLength: 1,
      maxLength: 1_024,
      description:
        "What the keys of the log's objects begin with, up to the date: logs/lake/, or with account, region and bucket where the log is partitioned",
    }),
    ignoreRequesters: Names(
      'Requesters whose reads do not count, as the log names them: of backups and replication, which read every file',
    ),
    ignoreUserAgents: Names('Programs whose reads do not count: parts of their User-Agent'),
  },
  {
    additionalProperties: false,
    description:
      "Access log of the lake's bucket in Amazon S3's format: files that were read lately are as young as their last read, and come back to a warmer class",
  },
);

/** Storage classes of the lake's data files by their age. */
export const TiersSection = Type.Object(
  {
    warm: Tier('warm'),
    cold: Tier('cold'),
    accessLog: Type.Optional(AccessLog),
    everyHours: Type.Number({
      default: 24,
      minimum: 0.001,
      maximum: 8_760,
      description: 'Time between two listings of a table, which tell the class of each object',
    }),
  },
  {
    additionalProperties: false,
    description:
      'Data files move to cheaper storage classes as they get older; keys and readers stay as they are',
  },
);

export type TiersConfig = Static<typeof TiersSection>;

export interface ConfiguredTier {
  readonly tier: 'warm' | 'cold';
  readonly afterMs: number;
  readonly storageClass: string;
}

const DAY_MS = 86_400_000;

/** The tiers that are configured; none where files stay where they are. */
export function tierRules(tiers: TiersConfig | undefined): ConfiguredTier[] {
  return (['warm', 'cold'] as const).flatMap((tier) => {
    const rule = tiers?.[tier];
    return rule === undefined
      ? []
      : [{ tier, afterMs: rule.afterDays * DAY_MS, storageClass: rule.storageClass }];
  });
}
