import { Type, type Static } from '@sinclair/typebox';

import { CapacitySection } from './capacity-section.ts';
import { GroupSection } from './group-section.ts';
import { HistorySection } from './history-section.ts';
import { ClusterBySection, MaintenanceSection, TableMaintenanceSection } from './maintenance-section.ts';
import { RetentionSection } from './retention-section.ts';
import { SecretRef } from './reusable-shapes.ts';
import { TiersSection } from './tiers-section.ts';

const FileCodec = (description: string) =>
  Type.Union(
    [
      Type.Literal('zstd'),
      Type.Literal('snappy'),
      Type.Literal('gzip'),
      Type.Literal('lz4'),
      Type.Literal('none'),
    ],
    { description },
  );

export const LakeSection = Type.Object(
  {
    endpoint: Type.Optional(Type.String({ format: 'uri', description: 'S3 endpoint; leave out for AWS' })),
    bucket: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'Bucket of the lake, in S3 or what speaks like it; bucket or folder',
      }),
    ),
    folder: Type.Optional(
      Type.String({
        pattern: '^/',
        description:
          'Folder of the lake on a local or mounted disk, in the place of a bucket; it must exist, and all services of the lake must see it',
      }),
    ),
    prefix: Type.String({
      default: '',
      pattern: '^([^/].*[^/])?$|^[^/]$',
      description: 'Key prefix inside the bucket or folder',
    }),
    region: Type.String({ default: 'us-east-1' }),
    accessKeyId: Type.Optional(SecretRef('Access key; without it the usual AWS providers are asked')),
    secretAccessKey: Type.Optional(SecretRef('Secret key')),
    compression: Type.Optional(
      FileCodec(
        'Codec of data files, kept as the table property delta.parquet.compression.codec. Left out: what the table says, zstd for new ones, at the level that each column calls for',
      ),
    ),
    flush: Type.Object(
      {
        rows: Type.Integer({
          default: 250_000,
          minimum: 1,
          description: 'Flush a table after this many rows',
        }),
        bytes: Type.Integer({
          default: 67_108_864,
          minimum: 65_536,
          description:
            'Flush a table after this many buffered bytes; at most 4 MiB are held, so that the process stays small',
        }),
        intervalMs: Type.Integer({
          default: 1_000,
          minimum: 10,
          maximum: 3_600_000,
          description: 'Flush a table this long after its first buffered row',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    deletionVectors: Type.Object(
      {
        enabled: Type.Boolean({
          default: true,
          description:
            'Mark changed rows of large state tables deleted instead of rewriting their files; tables.<t>.deletionVectors decides for one table',
        }),
        minTableBytes: Type.Integer({
          default: 134_217_728,
          minimum: 0,
          description:
            'State tables below this size are rewritten file by file, and readers without deletion vectors can read them; a table that has come above it keeps using vectors',
        }),
        minFileBytes: Type.Integer({
          default: 1_048_576,
          minimum: 0,
          description: 'Files below this size are rewritten',
        }),
        maxDeletedShare: Type.Number({
          default: 0.2,
          minimum: 0,
          maximum: 1,
          description: 'A file with a larger share of its rows marked deleted is rewritten',
        }),
        rewriteBytes: Type.Integer({
          default: 33_554_432,
          minimum: 0,
          description:
            'Files of at most this size together are rewritten by one flush because of their marked rows; the others wait for the next',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    keyIndex: Type.Object(
      {
        maxBytes: Type.Integer({
          default: 4_294_967_296,
          minimum: 0,
          description:
            'Local disk for the indexes that say where the keys of large state tables are, 16 to 64 bytes per row of all tables together; a table without room has its keys read from its files by each merge, which costs more the larger it is',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    columnMapping: Type.Union([Type.Literal('onDemand'), Type.Literal('never')], {
      default: 'onDemand',
      description:
        'Follow renamed and dropped columns by Delta column mapping, which a table gets with the first of them: its readers need the feature from then on. never: a renamed column is a new one beside the old, and one of a key stops its table',
    }),
    capacity: Type.Optional(CapacitySection),
    group: Type.Optional(GroupSection),
    maintenance: MaintenanceSection,
    tiers: Type.Optional(TiersSection),
  },
  { additionalProperties: false },
);

export type LakeConfig = Static<typeof LakeSection>;

export const TableSection = Type.Object(
  {
    partitionBy: Type.Array(
      Type.String({
        pattern: '^((year|month|day|hour)\\([^()]+\\)|[^()]+)$',
        description: 'a column, or year|month|day|hour(column)',
      }),
      {
        default: [],
        description:
          'What has few values at a time: a commit has a file for each of them. Tenants and the like are for clusterBy',
      },
    ),
    bronze: Type.Boolean({ default: true, description: 'Keep the change log' }),
    silver: Type.Optional(
      Type.Boolean({
        description:
          'Keep the current state. Left out: where the table has a primary key or a replica identity; true is an error without one',
      }),
    ),
    deletionVectors: Type.Optional(
      Type.Boolean({
        description:
          'Mark changed rows of the state table deleted: true at any size, false never. Left out: as lake.deletionVectors says',
      }),
    ),
    onDrop: Type.Optional(
      Type.Union([Type.Literal('keep'), Type.Literal('drop')], {
        description:
          'Columns that the source dropped stay in the state table and are null in new rows (keep, also when left out), or go from it; the change log and histories keep them',
      }),
    ),
    compression: Type.Optional(
      FileCodec('Codec of the data files of its tables. Left out: as lake.compression says'),
    ),
    changeDataFeed: Type.Optional(
      Type.Boolean({
        description:
          'Keep the changes of the state table for readers of Delta’s change data feed: true or false sets delta.enableChangeDataFeed with the next flush. Left out: as the table says',
      }),
    ),
    constraints: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,99}$' }),
        Type.String({ minLength: 1, maxLength: 4_000 }),
        {
          description:
            'CHECK constraints of the state table, by name: SQL over its columns that must be true of each row. A batch that breaks one stops the table',
        },
      ),
    ),
    generated: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 4_000 }), {
        description:
          'Generated columns of the state table, by name: what each is computed by, an expression of Spark’s SQL over the columns of the source. Another expression has every row computed anew; a column that is left out goes from the table',
      }),
    ),
    history: Type.Optional(HistorySection),
    clusterBy: Type.Optional(ClusterBySection),
    maintenance: Type.Optional(TableMaintenanceSection),
    retention: Type.Optional(RetentionSection),
  },
  { additionalProperties: false },
);

export type TableConfig = Static<typeof TableSection>;
