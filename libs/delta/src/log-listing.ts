import { beforeVersion, checkpointVersion, commitVersion, logFolder, logVersion } from './log-path.ts';
import type { LogStore } from './log-store.ts';

/** A file of the log that belongs to a version, in the order of the versions. */
export interface LogFile {
  readonly key: string;
  readonly version: number;
  readonly kind: 'commit' | 'checkpoint' | 'other';
  /**
   * Of a commit: when it became visible, in milliseconds since 1970. Later versions are later: where the store's
   * clock stood or went back, a commit counts as one millisecond after the one before it, as Delta has it.
   */
  readonly timestampMs: number;
}

/** Files of the versions from `first` on, page by page as they are taken. */
export async function* logFiles(store: LogStore, root: string, first = 0): AsyncGenerator<LogFile> {
  let previousMs = -Infinity;
  for await (const { key, modifiedMs } of store.list(
    logFolder(root),
    first === 0 ? undefined : beforeVersion(root, first),
  )) {
    const version = logVersion(key);
    if (version === null) continue;
    const kind =
      commitVersion(key) !== null ? 'commit' : checkpointVersion(key) !== null ? 'checkpoint' : 'other';
    let timestampMs = modifiedMs;
    if (kind === 'commit') {
      timestampMs = Math.max(modifiedMs, previousMs + 1);
      previousMs = timestampMs;
    }
    yield { key, version, kind, timestampMs };
  }
}
