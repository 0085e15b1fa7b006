import { PlatformError } from '@hasivu/errors';
import { parseCommit, type Action } from './actions.ts';
import type { CheckpointCodec } from './checkpoint-codec.ts';
import {
  beforeVersion,
  checkpointKey,
  checkpointVersion,
  commitKey,
  commitVersion,
  lastCheckpointKey,
  logFolder,
} from './log-path.ts';
import type { LogStore } from './log-store.ts';
import { TableState } from './table-state.ts';

/** Commits read at once. */
const READ_AHEAD = 8;

/** The newest state of the table under `root`, or null when there is none. @throws LAKE_LOG_CORRUPT */
export async function loadState(
  store: LogStore,
  root: string,
  codec: CheckpointCodec,
): Promise<TableState | null> {
  const hinted = await hintedCheckpoint(store, root);
  const log = await listLog(store, root, hinted);
  if (log.commits.length === 0 && log.checkpoint === null) return null;
  const state = new TableState();
  let next = 0;
  if (log.checkpoint !== null) {
    state.apply(log.checkpoint, await readCheckpoint(store, root, log.checkpoint, codec));
    next = log.checkpoint + 1;
  }
  const commits = log.commits.filter((version) => version >= next);
  for (let from = 0; from < commits.length; from += READ_AHEAD) {
    const versions = commits.slice(from, from + READ_AHEAD);
    const batch = await Promise.all(versions.map((version) => readCommit(store, root, version)));
    for (const [index, actions] of batch.entries()) {
      const version = versions[index] as number;
      if (version !== next || actions === null)
        throw corrupt(root, `the commit of version ${next} is missing`);
      state.apply(version, actions);
      next += 1;
    }
  }
  if (!state.isComplete)
    throw corrupt(root, `up to version ${state.version} there is no protocol or no metaData action`);
  return state;
}

/** Applies the commits after the state's version. @returns how many there were */
export async function refreshState(store: LogStore, root: string, state: TableState): Promise<number> {
  let applied = 0;
  for (;;) {
    const actions = await readCommit(store, root, state.version + 1);
    if (actions === null) return applied;
    state.apply(state.version + 1, actions);
    applied += 1;
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

interface LogListing {
  readonly checkpoint: number | null;
  readonly commits: readonly number[];
}

async function listLog(store: LogStore, root: string, hinted: number | null): Promise<LogListing> {
  let checkpoint: number | null = null;
  const commits: number[] = [];
  for await (const { key } of store.list(
    logFolder(root),
    hinted === null ? undefined : beforeVersion(root, hinted),
  )) {
    const commit = commitVersion(key);
    if (commit !== null) commits.push(commit);
    checkpoint = checkpointVersion(key) ?? checkpoint;
  }
  // A hint that points at a checkpoint that is gone must not hide the table.
  if (hinted !== null && checkpoint === null) return listLog(store, root, null);
  return { checkpoint, commits };
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

function corrupt(root: string, why: string, cause?: unknown): PlatformError {
  return new PlatformError('LAKE_LOG_CORRUPT', {
    doing: `reading the table ${root}`,
    why,
    context: { table: root },
    cause,
  });
}
