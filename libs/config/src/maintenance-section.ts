import { Type, type Static } from '@sinclair/typebox';

const MIB = 2 ** 20;

const TargetBytes = (description: string) =>
  Type.Optional(Type.Integer({ minimum: MIB, maximum: 2 ** 30, description }));

/** What lake-keeper does to the tables of the lake. */
export const MaintenanceSection = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Run lake-keeper with the other services' }),
    intervalMs: Type.Integer({
      default: 60_000,
      minimum: 10,
      maximum: 86_400_000,
      description: 'Time between two looks at the health of every table',
    }),
    concurrency: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 16,
      description: 'Tables that are worked on at once; files are rewritten one table at a time',
    }),
    compaction: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'Merge small files, and sort by clusterBy' }),
        targetBytes: TargetBytes(
          'Size that a merged file aims at. Left out: 32 MiB to 1 GiB by the size of the table, less where changed rows rewrite their file',
        ),
        minFiles: Type.Integer({
          default: 8,
          minimum: 2,
          maximum: 512,
          description: 'Small files of a partition that have to lie together before they are merged',
        }),
        maxDeletedShare: Type.Number({
          default: 0.25,
          minimum: 0,
          maximum: 1,
          description:
            'A file with a larger share of its rows marked deleted is rewritten; the sink does so above lake.deletionVectors.maxDeletedShare where it comes past',
        }),
        settleMs: Type.Integer({
          default: 60_000,
          minimum: 0,
          description: 'Files of tables that are merged into are left to the sink for this long',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    vacuum: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'Delete files that no retained version needs' }),
        everyHours: Type.Number({
          default: 24,
          minimum: 0.001,
          maximum: 8_760,
          description: 'Time between two vacuums of a table',
        }),
        retainHours: Type.Optional(
          Type.Number({
            minimum: 168,
            maximum: 876_000,
            description:
              "Files that were needed within this time stay; by default the table's delta.deletedFileRetentionDuration, 168. Longer than the longest query over the lake",
          }),
        ),
      },
      { default: {}, additionalProperties: false },
    ),
  },
  { default: {}, additionalProperties: false },
);

export type MaintenanceConfig = Static<typeof MaintenanceSection>;

/** What one table asks of lake-keeper, beside what `lake.maintenance` says for all. */
export const TableMaintenanceSection = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Look after this table; its health is measured all the same',
    }),
    targetBytes: TargetBytes('Size that a merged file of this table aims at'),
    vacuum: Type.Boolean({ default: true, description: 'Delete its files that no retained version needs' }),
  },
  { additionalProperties: false },
);

export const ClusterBySection = Type.Array(Type.String({ minLength: 1 }), {
  minItems: 1,
  maxItems: 4,
  uniqueItems: true,
  description:
    'Columns of a Z-order: files of bronze and silver that have them are sorted so that a predicate on each of them reads few files',
});
