import { logFiles } from './log-listing.ts';
import type { LogStore } from './log-store.ts';

/** Files removed at once. */
const CONCURRENCY = 16;
/** Files removed in one go, at most: it happens while a commit waits. The rest follows with the next checkpoint. */
const MOST_FILES = 2_000;

export interface LogCleanup {
  readonly deletedFiles: number;
  /** Time of the earliest commit there was, in milliseconds since 1970; Infinity without one. */
  readonly earliestMs: number;
}

/**
 * Deletes what no reader of a retained version needs. Retained are the versions newer than the cut, and the one that
 * was current at the cut; to read that one the newest checkpoint at or before it is needed, with its commit and all
 * that follow. Everything before that checkpoint goes, oldest first: killed at any moment, what is left is a log
 * that ends where it did and begins later, and the next time goes on. Only versions far behind every writer are
 * touched, and a file that another clean-up removed first is no error.
 */
export async function cleanLog(store: LogStore, root: string, cutMs: number): Promise<LogCleanup> {
  const { expired, earliestMs } = await expiredFiles(store, root, cutMs);
  for (let from = 0; from < expired.length; from += CONCURRENCY)
    await Promise.all(expired.slice(from, from + CONCURRENCY).map((key) => store.delete(key)));
  return { deletedFiles: expired.length, earliestMs };
}

async function expiredFiles(
  store: LogStore,
  root: string,
  cutMs: number,
): Promise<{ expired: string[]; earliestMs: number }> {
  const seen: { readonly key: string; readonly version: number }[] = [];
  let checkpoint = -1;
  let pending = -1;
  let earliestMs = Infinity;
  for await (const file of logFiles(store, root)) {
    // A checkpoint counts once its own commit is known to be at or before the cut.
    if (file.kind === 'checkpoint') pending = file.version;
    if (file.kind === 'commit') {
      earliestMs = Math.min(earliestMs, file.timestampMs);
      if (file.timestampMs > cutMs) break;
      if (pending === file.version) checkpoint = pending;
    }
    seen.push(file);
    // An older checkpoint than the newest one possible leaves more than it must, which is as safe.
    if (seen.length > MOST_FILES && checkpoint > (seen[0]?.version ?? 0)) break;
  }
  return { expired: seen.filter(({ version }) => version < checkpoint).map(({ key }) => key), earliestMs };
}
