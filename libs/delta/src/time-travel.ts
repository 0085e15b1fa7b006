import { PlatformError } from '@hasivu/errors';
import type { Metadata } from './actions.ts';
import type { CheckpointCodec } from './checkpoint-codec.ts';
import { assembleState, newestOf, newestVersion, type LogListing } from './load-state.ts';
import { logFiles } from './log-listing.ts';
import type { LogStore } from './log-store.ts';
import type { TableState } from './table-state.ts';

/** A moment of a table's past. Times are milliseconds since 1970, by the clock of the store that holds the log. */
export type TableMoment = { readonly version: number } | { readonly timestampMs: number };

/** Versions that one listing looks back over for a checkpoint: a page of most stores. */
const LOOK_BACK = 400;

/**
 * The table as it was, or null when there is no table. By time: the last commit at or before it.
 * @throws LAKE_VERSION_GONE when log clean-up removed what the version is made of; LAKE_VERSION_FUTURE
 */
export async function loadStateAt(
  store: LogStore,
  root: string,
  codec: CheckpointCodec,
  moment: TableMoment,
  nowMs: number,
): Promise<TableState | null> {
  if ('version' in moment) return await loadVersion(store, root, codec, moment.version);
  const version = await versionAt(store, root, moment.timestampMs, nowMs);
  if (version === null) return null;
  const state = await loadVersion(store, root, codec, version);
  if (state !== null) refuseOwnTimes(root, state.metadata);
  return state;
}

/** @throws LAKE_PROTOCOL_UNSUPPORTED where the times of the commits are not those of their files */
export function refuseOwnTimes(root: string, { configuration }: Metadata): void {
  if (configuration['delta.enableInCommitTimestamps'] !== 'true') return;
  throw new PlatformError('LAKE_PROTOCOL_UNSUPPORTED', {
    doing: `reading the table ${root} as of a time`,
    why: 'its commits carry times of their own (inCommitTimestamp); read it as of a version',
    context: { table: root },
  });
}

async function loadVersion(
  store: LogStore,
  root: string,
  codec: CheckpointCodec,
  version: number,
): Promise<TableState | null> {
  const log = await listUpTo(store, root, version);
  if (newestOf(log) !== version) {
    const latest = await newestVersion(store, root);
    if (latest < 0) return null;
    throw version > latest ? future(root, version, `the newest version is ${latest}`) : gone(root, version);
  }
  const first = log.checkpoint === null ? 0 : log.checkpoint + 1;
  const needed = log.commits.filter((commit) => commit >= first);
  // A hole below the newest version is what log clean-up leaves, or leaves for a while when it is killed.
  if (needed.length !== version - first + 1) throw gone(root, version);
  try {
    return await assembleState(store, root, codec, { checkpoint: log.checkpoint, commits: needed });
  } catch (error) {
    // What was listed a moment ago and is not there now was cleaned up meanwhile.
    const still = await listUpTo(store, root, version);
    const vanished =
      still.checkpoint !== log.checkpoint || needed.some((commit) => !still.commits.includes(commit));
    throw vanished ? gone(root, version, error) : error;
  }
}

/** The newest checkpoint at or before the version, and the commits from there to it. */
async function listUpTo(store: LogStore, root: string, version: number): Promise<LogListing> {
  let commits: number[] = [];
  let end = version;
  for (let back = LOOK_BACK; ; back *= 4) {
    const start = Math.max(0, end - back + 1);
    const window: number[] = [];
    let checkpoint: number | null = null;
    for await (const file of logFiles(store, root, start)) {
      if (file.version > end) break;
      if (file.kind === 'commit') window.push(file.version);
      else if (file.kind === 'checkpoint') checkpoint = file.version;
    }
    commits = [...window, ...commits];
    if (checkpoint !== null || start === 0) return { checkpoint, commits };
    end = start - 1;
  }
}

/** The last version whose commit is not later; null when there is no table. */
export async function versionAt(
  store: LogStore,
  root: string,
  timestampMs: number,
  nowMs: number,
): Promise<number | null> {
  if (timestampMs > nowMs) throw future(root, new Date(timestampMs).toISOString(), 'that time has not come');
  let earliest: { version: number; timestampMs: number } | null = null;
  let found: number | null = null;
  let previous = -1;
  let checkpoint: number | null = null;
  let isEmpty = true;
  for await (const file of logFiles(store, root)) {
    isEmpty = false;
    if (file.kind === 'checkpoint') checkpoint = file.version;
    if (file.kind !== 'commit') continue;
    // Behind a hole only what starts from a checkpoint can be read.
    if (file.version !== previous + 1) earliest = found = null;
    previous = file.version;
    if (earliest === null && file.version !== 0 && checkpoint !== file.version) continue;
    earliest ??= file;
    if (file.timestampMs > timestampMs) break;
    found = file.version;
  }
  if (isEmpty) return null;
  if (found !== null) return found;
  const when = new Date(timestampMs).toISOString();
  throw gone(
    root,
    when,
    undefined,
    earliest === null
      ? undefined
      : `the earliest that is left is version ${earliest.version} of ${new Date(earliest.timestampMs).toISOString()}`,
  );
}

export function gone(root: string, moment: number | string, cause?: unknown, why?: string): PlatformError {
  return new PlatformError('LAKE_VERSION_GONE', {
    doing: `reading the table ${root} as of ${describe(moment)}`,
    why: why ?? 'log clean-up has removed commits that it is made of',
    context: { table: root, moment },
    cause,
  });
}

export function future(root: string, moment: number | string, why: string): PlatformError {
  return new PlatformError('LAKE_VERSION_FUTURE', {
    doing: `reading the table ${root} as of ${describe(moment)}`,
    why,
    context: { table: root, moment },
  });
}

function describe(moment: number | string): string {
  return typeof moment === 'number' ? `version ${moment}` : moment;
}
