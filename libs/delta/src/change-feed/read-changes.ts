import { PlatformError } from '@hasivu/errors';
import type { Action, Metadata } from '../actions.ts';
import { checkpointCodec } from '../checkpoint-codec.ts';
import { commitInfoOf } from '../conflict.ts';
import type { DeltaSurroundings } from '../delta-table.ts';
import { corrupt, readCommit } from '../load-state.ts';
import { logFiles } from '../log-listing.ts';
import type { LogStore } from '../log-store.ts';
import { CHANGE_FEED_PROPERTY, checkReadable } from '../protocol.ts';
import { gone, loadStateAt, refuseOwnTimes } from '../time-travel.ts';
import { versionRange, type ChangeRange, type VersionRange } from './change-range.ts';
import { changesOfCommit, type ChangeFile } from './commit-changes.ts';

/** What one commit changed. */
export interface CommitChanges {
  readonly version: number;
  /** When it became visible, milliseconds since 1970: `_commit_timestamp`. */
  readonly timestampMs: number;
  /** The table's as of this version; later ones hold the columns of earlier ones too. */
  readonly metadata: Metadata;
  /** Empty for commits that changed no row. */
  readonly files: readonly ChangeFile[];
}

/** The changes of a range of versions. */
export interface TableChanges extends VersionRange {
  /** In the order of the versions. @throws LAKE_CHANGES_NOT_RECORDED, LAKE_VERSION_GONE, LAKE_LOG_CORRUPT */
  commits(): AsyncGenerator<CommitChanges>;
}

/** Commits read at once. */
const READ_AHEAD = 16;
/** Commits listed before the first, so that its time is the one a listing of all would give. */
const RUN_UP = 400;

/**
 * The change data feed of the table under `root`; null when there is no table. A range of which nothing was committed has none.
 * @throws LAKE_VERSION_GONE where log clean-up took commits of the range, LAKE_VERSION_FUTURE, LAKE_CHANGES_NOT_RECORDED
 * where the feed was off
 */
export async function readChanges(
  root: string,
  range: ChangeRange,
  around: DeltaSurroundings,
): Promise<TableChanges | null> {
  const { store, codec, nowMs } = around;
  const versions = await versionRange(store, root, range, nowMs());
  if (versions === null) return null;
  const { from, to } = versions;
  if (from > to) return { from, to, commits: noCommits };
  const state = await loadStateAt(store, root, codec ?? checkpointCodec, { version: from }, nowMs());
  if (state === null) return null;
  checkReadable(state.protocol, root);
  checkRecorded(root, state.metadata, from);
  if ('timestampMs' in range.from || (range.to !== undefined && 'timestampMs' in range.to))
    refuseOwnTimes(root, state.metadata);
  const times = await timesOf(store, root, versions);
  const { metadata } = state;
  return { from, to, commits: () => readCommits(store, root, versions, times, metadata) };
}

async function* noCommits(): AsyncGenerator<CommitChanges> {
  // Nothing was committed in the range.
}

async function* readCommits(
  store: LogStore,
  root: string,
  { from, to }: VersionRange,
  times: ReadonlyMap<number, number>,
  metadataAtStart: Metadata,
): AsyncGenerator<CommitChanges> {
  let metadata = metadataAtStart;
  for (let first = from; first <= to; first += READ_AHEAD) {
    const versions = Array.from({ length: Math.min(READ_AHEAD, to - first + 1) }, (_, at) => first + at);
    const commits = await Promise.all(versions.map((version) => readCommit(store, root, version)));
    for (const [at, actions] of commits.entries()) {
      const version = first + at;
      const listedMs = times.get(version);
      if (actions === null || listedMs === undefined) throw gone(root, version);
      metadata = metadataAfter(root, metadata, actions, version);
      const timestampMs = commitInfoOf(actions)?.inCommitTimestamp ?? listedMs;
      const files = changesOfCommit(actions);
      if (metadata.partitionColumns.length > 0 && files.some(lacksPartition))
        throw corrupt(root, `version ${version} removes a file and does not say its partition`);
      yield { version, timestampMs, metadata, files };
    }
  }
}

function lacksPartition({ partitionValues }: ChangeFile): boolean {
  return Object.keys(partitionValues).length === 0;
}

function metadataAfter(root: string, known: Metadata, actions: readonly Action[], version: number): Metadata {
  let metadata = known;
  for (const action of actions) {
    if ('protocol' in action) checkReadable(action.protocol, root);
    if (!('metaData' in action)) continue;
    metadata = action.metaData;
    checkRecorded(root, metadata, version);
  }
  return metadata;
}

/** Times of the range's commits. @throws LAKE_VERSION_GONE when one of them is not there */
async function timesOf(
  store: LogStore,
  root: string,
  { from, to }: VersionRange,
): Promise<Map<number, number>> {
  const times = new Map<number, number>();
  for await (const file of logFiles(store, root, Math.max(0, from - RUN_UP))) {
    if (file.version > to) break;
    if (file.kind === 'commit' && file.version >= from) times.set(file.version, file.timestampMs);
  }
  // A state can be read from a checkpoint alone; what its commit changed cannot.
  if (!times.has(from)) throw gone(root, from);
  return times;
}

function checkRecorded(root: string, { configuration }: Metadata, version: number): void {
  if (configuration[CHANGE_FEED_PROPERTY]?.toLowerCase() === 'true') return;
  throw new PlatformError('LAKE_CHANGES_NOT_RECORDED', {
    doing: `reading the changes of the table ${root}`,
    why: `its change data feed was off at version ${version}`,
    context: { table: root, version },
  });
}
