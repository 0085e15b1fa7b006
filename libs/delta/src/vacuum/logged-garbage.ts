import { PlatformError } from '@hasivu/errors';
import type { Action, RemoveFile } from '../actions.ts';
import { vectorLocation } from '../deletion-vector/vector-location.ts';
import { readCommit } from '../load-state.ts';
import { logFiles } from '../log-listing.ts';
import { lastVacuumKey } from '../log-path.ts';
import type { LogStore } from '../log-store.ts';
import { ownKeyOfPath } from './file-place.ts';
import type { GarbageBounds, GarbageFile } from './listed-garbage.ts';

/** Commits whose removals a vacuum looks at: `first` to `last`, which is the last one before the retention. */
export interface CommitRange {
  readonly first: number;
  readonly last: number;
}

/** Key of Spark's note, which this library keeps as well. */
const NOTE = 'latestCommitVersionOutsideOfRetentionWindow';

/** The last commit whose time is at or before `timeMs`; -1 without one. `earliest` is the first that is left. */
export async function lastCommitBefore(
  store: LogStore,
  root: string,
  timeMs: number,
): Promise<{ readonly last: number; readonly earliest: number }> {
  let last = -1;
  let earliest = -1;
  for await (const file of logFiles(store, root)) {
    if (file.kind !== 'commit') continue;
    if (earliest < 0) earliest = file.version;
    if (file.timestampMs > timeMs) break;
    last = file.version;
  }
  return { last, earliest };
}

/** @throws LAKE_VACUUM_NEEDS_LISTING when commits that no vacuum has looked at are gone */
export async function commitsToVacuum(
  store: LogStore,
  root: string,
  keptFromMs: number,
): Promise<CommitRange> {
  const { last, earliest } = await lastCommitBefore(store, root, keptFromMs);
  const noted = await readNote(store, root);
  if (earliest > 0 && (noted === null || noted < earliest - 1)) {
    throw new PlatformError('LAKE_VACUUM_NEEDS_LISTING', {
      doing: `looking through the log of the table ${root} for removed files`,
      why: `its commits before version ${earliest} are gone${noted === null ? '' : `, and the last vacuum came to version ${noted}`}`,
      context: { table: root, earliest },
    });
  }
  return { first: Math.max(earliest, noted === null ? 0 : noted + 1), last };
}

/** Files that the commits of the range removed and nothing refers to any more, each once. No listing of the folder. */
export async function* loggedGarbage(bounds: GarbageBounds, range: CommitRange): AsyncGenerator<GarbageFile> {
  const { store, root, keptFromMs, kept } = bounds;
  const seen = new Set<string>();
  for (let version = range.first; version <= range.last; version += 1) {
    for (const action of (await readCommit(store, root, version)) ?? []) {
      for (const { key, sizeBytes, removedMs } of removedFiles(action)) {
        if (key === null || removedMs >= keptFromMs || kept.has(key) || seen.has(key)) continue;
        seen.add(key);
        yield { path: key, sizeBytes };
      }
    }
  }
}

/** Removals in the commits that are not older than `sinceMs`, for a retention longer than checkpoints remember. */
export async function removalsSince(
  store: LogStore,
  root: string,
  sinceMs: number,
  newest: number,
): Promise<RemoveFile[]> {
  const { last, earliest } = await lastCommitBefore(store, root, sinceMs);
  const removals: RemoveFile[] = [];
  for (let version = Math.max(last + 1, earliest, 0); version <= newest; version += 1)
    for (const action of (await readCommit(store, root, version)) ?? [])
      if ('remove' in action) removals.push(action.remove);
  return removals;
}

/** Notes how far into the log everything that was removed is deleted. */
export async function writeNote(store: LogStore, root: string, version: number): Promise<void> {
  await store.put(lastVacuumKey(root), Buffer.from(JSON.stringify({ [NOTE]: version })));
}

async function readNote(store: LogStore, root: string): Promise<number | null> {
  const bytes = await store.get(lastVacuumKey(root));
  if (bytes === null) return null;
  try {
    const noted = (JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>)[NOTE];
    return typeof noted === 'number' && Number.isSafeInteger(noted) ? noted : null;
  } catch {
    // A note that cannot be read is none: more is looked through.
    return null;
  }
}

interface RemovedFile {
  /** Null for a file that is not in the table's folder. */
  readonly key: string | null;
  readonly sizeBytes: number;
  readonly removedMs: number;
}

function removedFiles(action: Action): RemovedFile[] {
  // Change data belongs to its commit alone, which is older than the retention.
  if ('cdc' in action)
    return [{ key: ownKeyOfPath(action.cdc.path), sizeBytes: action.cdc.size, removedMs: 0 }];
  if (!('remove' in action)) return [];
  const { path, size = 0, deletionTimestamp: removedMs = 0, deletionVector } = action.remove;
  const files: RemovedFile[] = [{ key: ownKeyOfPath(path), sizeBytes: size, removedMs }];
  if (deletionVector === undefined) return files;
  const location = vectorLocation(deletionVector);
  if (location.in === 'table')
    files.push({ key: location.key, sizeBytes: deletionVector.sizeInBytes, removedMs });
  return files;
}
