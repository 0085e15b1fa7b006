import { PlatformError } from '@hasivu/errors';
import { parseCommit, type Action } from './actions.ts';
import type { CheckpointCodec } from './checkpoint-codec.ts';
import { logFiles } from './log-listing.ts';
import { checkpointKey, commitKey, lastCheckpointKey, logFolder } from './log-path.ts';
import type { LogStore } from './log-store.ts';
import { TableState } from './table-state.ts';

/** Commits read at once. */
const READ_AHEAD = 16;

/** The newest state of the table under `root`, or null when there is none. @throws LAKE_LOG_CORRUPT */
export async function loadState(
  store: LogStore,
  root: string,
  codec: CheckpointCodec,
): Promise<TableState | null> {
  const log = await listNewest(store, root);
  if (log.commits.length === 0 && log.checkpoint === null) return null;
  return await assembleState(store, root, codec, log);
}

/** What a state is made from: a checkpoint, or none, and the commits after it. */
export interface LogListing {
  readonly checkpoint: number | null;
  readonly commits: readonly number[];
}

/** Reads the checkpoint and applies the commits after it. @throws LAKE_LOG_CORRUPT when one of them is not there */
export async function assembleState(
  store: LogStore,
  root: string,
  codec: CheckpointCodec,
  { checkpoint, commits }: LogListing,
): Promise<TableState> {
  const state = new TableState();
  if (checkpoint !== null) state.apply(checkpoint, await readCheckpoint(store, root, checkpoint, codec));
  const after = commits.filter((version) => version > state.version);
  for (let from = 0; from < after.length; from += READ_AHEAD) {
    const versions = after.slice(from, from + READ_AHEAD);
    const batch = await Promise.all(versions.map((version) => readCommit(store, root, version)));
    for (const [index, actions] of batch.entries()) {
      const next = state.version + 1;
      if (versions[index] !== next || actions === null)
        throw corrupt(root, `the commit of version ${next} is missing`);
      state.apply(next, actions);
    }
  }
  if (!state.isComplete)
    throw corrupt(root, `up to version ${state.version} there is no protocol or no metaData action`);
  return state;
}

/** Applies the commits after the state's version. @returns how many there were */
export async function refreshState(store: LogStore, root: string, state: TableState): Promise<number> {
  let applied = 0;
  // Mostly there is nothing new, which one request tells; whoever is far behind reads ahead.
  for (let ahead = 1; ; ahead = Math.min(ahead * 2, READ_AHEAD)) {
    const first = state.version + 1;
    const batch = await Promise.all(
      Array.from({ length: ahead }, (_, index) => readCommit(store, root, first + index)),
    );
    for (const [index, actions] of batch.entries()) {
      if (actions === null) return applied;
      state.apply(first + index, actions);
      applied += 1;
    }
  }
}

/** Null when there is no such version. @throws LAKE_LOG_CORRUPT when it is there but is not a commit */
export async function readCommit(store: LogStore, root: string, version: number): Promise<Action[] | null> {
  const bytes = await store.get(commitKey(root, version));
  if (bytes === null) return null;
  try {
    return parseCommit(bytes);
  } catch (error) {
    throw corrupt(root, `the commit of version ${version} is not JSON lines`, error);
  }
}

/** The newest version there is, or -1; whoever knows an old one cannot go by the next being free. */
export async function newestVersion(store: LogStore, root: string): Promise<number> {
  return newestOf(await listNewest(store, root));
}

/** -1 when nothing is there. */
export function newestOf({ checkpoint, commits }: LogListing): number {
  return Math.max(checkpoint ?? -1, commits.at(-1) ?? -1);
}

/** Whether anything of a log is there. */
export async function hasLog(store: LogStore, root: string): Promise<boolean> {
  for await (const _ of store.list(logFolder(root))) return true;
  return false;
}

/** The newest checkpoint and the commits from it on; the listing begins at the checkpoint that the hint names. */
export async function listNewest(store: LogStore, root: string): Promise<LogListing> {
  const hinted = await hintedCheckpoint(store, root);
  const log = await listFrom(store, root, hinted ?? 0);
  // A hint that points at a checkpoint that is gone must not hide the table.
  return hinted !== null && log.checkpoint === null ? await listFrom(store, root, 0) : log;
}

async function listFrom(store: LogStore, root: string, first: number): Promise<LogListing> {
  let checkpoint: number | null = null;
  const commits: number[] = [];
  for await (const { kind, version } of logFiles(store, root, first)) {
    if (kind === 'commit') commits.push(version);
    else if (kind === 'checkpoint') checkpoint = version;
  }
  return { checkpoint, commits };
}

/** `_last_checkpoint` is a hint only: missing or broken means listing from the start. */
async function hintedCheckpoint(store: LogStore, root: string): Promise<number | null> {
  const bytes = await store.get(lastCheckpointKey(root));
  if (bytes === null) return null;
  try {
    const { version } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { version?: unknown };
    return typeof version === 'number' && Number.isSafeInteger(version) ? version : null;
  } catch {
    return null;
  }
}

async function readCheckpoint(
  store: LogStore,
  root: string,
  version: number,
  codec: CheckpointCodec,
): Promise<Action[]> {
  const bytes = await store.get(checkpointKey(root, version));
  if (bytes === null) throw corrupt(root, `the checkpoint of version ${version} vanished while it was read`);
  try {
    return await codec.decode(bytes);
  } catch (error) {
    throw corrupt(root, `the checkpoint of version ${version} is not readable Parquet`, error);
  }
}

export function corrupt(root: string, why: string, cause?: unknown): PlatformError {
  return new PlatformError('LAKE_LOG_CORRUPT', {
    doing: `reading the table ${root}`,
    why,
    context: { table: root },
    cause,
  });
}
