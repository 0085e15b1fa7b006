import type { CommitInfo } from './actions.ts';
import { corrupt } from './load-state.ts';
import { logFiles, type LogFile } from './log-listing.ts';
import type { LogStore } from './log-store.ts';

/** What one commit did. */
export interface HistoryEntry {
  readonly version: number;
  /** The time that time travel goes by: when the commit became visible, in milliseconds since 1970. */
  readonly timestampMs: number;
  /** Null when its writer left none. */
  readonly commitInfo: CommitInfo | null;
}

/** Commits read at once. */
const READ_AHEAD = 16;
/** Commits listed before the first that is shown, so that its time is the one a listing of all would give. */
const RUN_UP = 400;

const COMMIT_INFO = /^\s*\{\s*"commitInfo"/u;

/** The newest `limit` commits up to `newest`, newest first; fewer where log clean-up has removed them. */
export async function readHistory(
  store: LogStore,
  root: string,
  newest: number,
  limit: number,
): Promise<HistoryEntry[]> {
  const first = Math.max(0, newest - limit + 1);
  const commits: LogFile[] = [];
  for await (const file of logFiles(store, root, Math.max(0, first - RUN_UP))) {
    if (file.version > newest) break;
    if (file.kind === 'commit' && file.version >= first) commits.push(file);
  }
  commits.reverse();
  const entries: HistoryEntry[] = [];
  for (let from = 0; from < commits.length; from += READ_AHEAD) {
    const batch = commits.slice(from, from + READ_AHEAD);
    const read = await Promise.all(batch.map((commit) => readEntry(store, root, commit)));
    for (const entry of read) if (entry !== null) entries.push(entry);
  }
  return entries;
}

/** Null when clean-up removed the commit between the listing and now. */
async function readEntry(store: LogStore, root: string, file: LogFile): Promise<HistoryEntry | null> {
  const bytes = await store.get(file.key);
  if (bytes === null) return null;
  try {
    return { version: file.version, timestampMs: file.timestampMs, commitInfo: commitInfoIn(bytes) };
  } catch (error) {
    throw corrupt(root, `the commit of version ${file.version} is not JSON lines`, error);
  }
}

/** Of a commit that may name thousands of files only the line that describes it is parsed. */
function commitInfoIn(bytes: Uint8Array): CommitInfo | null {
  for (const line of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .split('\n')) {
    if (!COMMIT_INFO.test(line)) continue;
    const parsed = JSON.parse(line) as { readonly commitInfo?: CommitInfo };
    if (parsed.commitInfo !== undefined) return parsed.commitInfo;
  }
  return null;
}
