import { newestVersion } from '../load-state.ts';
import { logFiles } from '../log-listing.ts';
import type { LogStore } from '../log-store.ts';
import { gone, future, versionAt, type TableMoment } from '../time-travel.ts';

/** The commits whose changes are asked for, both ends included. */
export interface ChangeRange {
  /** A time: the first commit at or after it. */
  readonly from: TableMoment;
  /** A time: the last commit at or before it. Left out: the newest version. */
  readonly to?: TableMoment;
}

/** Versions of a range; `from` is above `to` where nothing was committed in a range of times. */
export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

/** Null when there is no table. @throws LAKE_VERSION_GONE, LAKE_VERSION_FUTURE */
export async function versionRange(
  store: LogStore,
  root: string,
  { from, to }: ChangeRange,
  nowMs: number,
): Promise<VersionRange | null> {
  const newest = await newestVersion(store, root);
  if (newest < 0) return null;
  const known = (version: number): number => {
    if (version > newest) throw future(root, version, `the newest version is ${newest}`);
    return version;
  };
  const first =
    'version' in from ? known(from.version) : await firstVersionFrom(store, root, from.timestampMs, nowMs);
  if (to === undefined) return { from: first, to: newest };
  if ('version' in to) return { from: first, to: known(to.version) };
  return { from: first, to: (await versionAt(store, root, to.timestampMs, nowMs)) ?? newest };
}

/** The first version whose commit is not earlier; one above the newest when there is none yet. */
async function firstVersionFrom(
  store: LogStore,
  root: string,
  timestampMs: number,
  nowMs: number,
): Promise<number> {
  const when = new Date(timestampMs).toISOString();
  if (timestampMs > nowMs) throw future(root, when, 'that time has not come');
  let previous = -1;
  // Whether a commit before this one is there: without it, commits after the time may have been cleaned up.
  let follows = true;
  for await (const file of logFiles(store, root)) {
    if (file.kind !== 'commit') continue;
    if (file.version !== previous + 1) follows = false;
    previous = file.version;
    if (file.timestampMs < timestampMs) {
      follows = true;
      continue;
    }
    if (follows) return file.version;
    const since = new Date(file.timestampMs).toISOString();
    throw gone(
      root,
      when,
      undefined,
      `the earliest commit that is left is version ${file.version} of ${since}`,
    );
  }
  return previous + 1;
}
