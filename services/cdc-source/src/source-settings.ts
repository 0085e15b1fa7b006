import { topicNames } from '@hasivu/change-events';
import {
  capturedDatabases,
  type CapturedDatabase,
  type HasivuConfig,
  type PostgresConfig,
} from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';

import { DEFAULT_FLUSH_LIMITS, type FlushLimits } from './core/flush-policy.ts';

/** Version of this software, in the source block of every event. */
export const SOURCE_VERSION = '0.1.0';

/** What the service works with; every duration in milliseconds. */
export interface SourceSettings {
  /** What metrics, logs and messages call the database. */
  readonly database: string;
  /** Name of its lineage jobs, up to the table. */
  readonly jobName: string;
  readonly postgres: PostgresConfig;
  /** `prefix` is that of this database's topics. */
  readonly kafka: HasivuConfig['kafka'];
  /** All databases write to one lineage topic. */
  readonly lineageTopic: string;
  readonly lineage: HasivuConfig['lineage'];
  readonly flush: FlushLimits;
  /** Bytes in the producer after which a batch is sent without committing: bounds memory in a huge transaction. */
  readonly sendBytes: number;
  /** Memory for transactions in progress, all together; what is more goes to files. */
  readonly spoolMemoryBytes: number;
  /** Kafka aborts a transaction that is open for longer; 15 minutes is the brokers' default maximum. */
  readonly transactionTimeoutMs: number;
  /** Status updates to Postgres at least this often. */
  readonly statusIntervalMs: number;
  /** How long a start waits for others to let go of the slot. */
  readonly slotWaitMs: number;
  /** How long what is left of a dead predecessor on the server may go on reading the slot before it is ended. */
  readonly slotGraceMs: number;
  /** How long a stream is given to let go of the slot before it is dropped under it. */
  readonly slotReleaseMs: number;
  /** How often the slot is looked at. */
  readonly watchIntervalMs: number;
  /** Longest outage of Postgres or Kafka that is waited out; afterwards the process ends with code 1. */
  readonly outageLimitMs: number;
  /** Most rows of one chunk of an incremental snapshot; fewer where they are wide. */
  readonly chunkRows: number;
  /** Changed keys that are remembered one by one while such a chunk is read. */
  readonly windowKeys: number;
  /** Longest statement of such a chunk: what takes longer is tried with fewer rows. */
  readonly chunkTimeoutMs: number;
  /** Explicitly configured with a current-state table, by `schema.table`. */
  readonly silverTables: ReadonlySet<string>;
}

/** Least memory of one database for each purpose: with more databases than that is a share of, it grows with them. */
const LEAST_BYTES = 512 * 1024;

/** Of every database. @throws PlatformError CONFIG_INVALID when the file has no source */
export function settingsOf(config: HasivuConfig): SourceSettings[] {
  const databases = capturedDatabases(config);
  if (databases.length === 0) {
    throw new PlatformError('CONFIG_INVALID', {
      doing: 'starting cdc-source',
      why: 'the configuration has no source.postgres section',
    });
  }
  return databases.map((database) => databaseSettings(config, database, databases.length));
}

/** @param count databases that share the memory of the process */
function databaseSettings(
  config: HasivuConfig,
  { name, prefix, postgres }: CapturedDatabase,
  count: number,
): SourceSettings {
  const share = (bytes: number): number => Math.max(LEAST_BYTES, Math.floor(bytes / count));
  // What is kept by key needs one.
  const silver = Object.entries(config.tables).flatMap(([name, table]) =>
    table.silver === true || table.history !== undefined ? [name] : [],
  );
  return {
    database: name ?? 'default',
    jobName: name === null ? 'cdc-source' : `cdc-source.${name}`,
    postgres,
    kafka: { ...config.kafka, prefix },
    lineageTopic: topicNames(config.kafka.prefix).lineage,
    lineage: config.lineage,
    flush: DEFAULT_FLUSH_LIMITS,
    sendBytes: share(4 * 1024 * 1024),
    spoolMemoryBytes: share(8 * 1024 * 1024),
    transactionTimeoutMs: 15 * 60_000,
    statusIntervalMs: 10_000,
    slotWaitMs: 15_000,
    slotGraceMs: 2_000,
    slotReleaseMs: 10_000,
    watchIntervalMs: 5_000,
    outageLimitMs: 300_000,
    chunkRows: 20_000,
    // About 30 MB for keys of ordinary size.
    windowKeys: 200_000,
    chunkTimeoutMs: 60_000,
    silverTables: new Set(silver),
  };
}
