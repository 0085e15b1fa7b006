import { intervalProperty, parseInterval } from './interval.ts';

type Configuration = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;
/** Delta's defaults. */
const FILE_RETENTION_MS = 7 * DAY_MS;
const LOG_RETENTION_MS = 30 * DAY_MS;

export const FILE_RETENTION = 'delta.deletedFileRetentionDuration';
export const LOG_RETENTION = 'delta.logRetentionDuration';

/** How long a removed file stays, in milliseconds. @throws LAKE_PROPERTY_INVALID */
export function fileRetentionMs(table: string, configuration: Configuration): number {
  return intervalProperty(table, configuration, FILE_RETENTION, FILE_RETENTION_MS);
}

/** The same for writers, which must go on: while nobody can read the property, removals are kept for good. */
export function tombstoneRetentionMs(configuration: Configuration): number {
  const text = configuration[FILE_RETENTION];
  return text === undefined ? FILE_RETENTION_MS : (parseInterval(text) ?? Infinity);
}

/** Writers may go by what they saw of the log for half of this: what they take for free must not have been cleaned up. */
export const LEAST_LOG_RETENTION_MS = 3_600_000;

/** How long a commit stays in the log, an hour at least; Infinity where clean-up is switched off or the property is no interval. */
export function logRetentionMs(configuration: Configuration): number {
  if (configuration['delta.enableExpiredLogCleanup']?.toLowerCase() === 'false') return Infinity;
  const text = configuration[LOG_RETENTION];
  if (text === undefined) return LOG_RETENTION_MS;
  return Math.max(LEAST_LOG_RETENTION_MS, parseInterval(text) ?? Infinity);
}

/** Commits between two checkpoints by the number of live files, unless the table says how many. */
const CHECKPOINT_STEPS = [
  { files: 20_000, commits: 20 },
  { files: 50_000, commits: 50 },
] as const;
const LONGEST_CHECKPOINT_INTERVAL = 100;

/** What a removed file costs a checkpoint by what a live one does, which has statistics. */
const TOMBSTONE_SHARE = 0.5;

/**
 * Commits between two checkpoints. Each checkpoint writes the table's whole list of files again, so a table of many
 * files has them further apart: a commit's share of the cost stays bounded, and so do the commits a reader reads.
 * Removed files count too: a change log that is merged by the second has hundreds of thousands and hardly a live one.
 */
export function checkpointInterval(
  configuration: Configuration,
  liveFiles: number,
  tombstones: number,
): number {
  const configured = Number(configuration['delta.checkpointInterval']);
  if (Number.isSafeInteger(configured) && configured > 0) return configured;
  const weight = liveFiles + TOMBSTONE_SHARE * tombstones;
  return CHECKPOINT_STEPS.find(({ files }) => weight <= files)?.commits ?? LONGEST_CHECKPOINT_INTERVAL;
}
