import type { KeyText } from '@hasivu/postgres';

import { nameOf } from './owed-keys.ts';
import {
  withFirst,
  withOwed,
  type SnapshotRequest,
  type SnapshotRequests,
  type TableRun,
} from './snapshot-requests.ts';

/** Which rows a chunk has: those behind a key, or some by their keys. */
export type ChunkScope =
  | { readonly kind: 'after'; readonly after: KeyText | null }
  | { readonly kind: 'keys'; readonly keys: readonly KeyText[] };

const KEYS_PER_CHUNK = 500;

/** The next chunk of a request: rows that are owed once there are many of them, or nothing else is left. */
export function nextScope({ run, owed }: SnapshotRequest, rows: number): ChunkScope {
  if (!run || owed.length === 0 || (!run.ended && owed.length < KEYS_PER_CHUNK))
    return { kind: 'after', after: run?.after ?? null };
  return { kind: 'keys', keys: owed.slice(0, Math.min(KEYS_PER_CHUNK, rows)) };
}

/** What is known of a chunk whose rows were written. */
export interface WrittenChunk {
  readonly scope: ChunkScope;
  /** Last key of the chunk; null where the table ends in it. */
  readonly last: KeyText | null;
  /** Rows of the table that were passed. */
  readonly passed: number;
  readonly rows: number;
  readonly owed: readonly KeyText[];
  /** Of the table, for its first chunk. */
  readonly table: Pick<TableRun, 'oid' | 'shape' | 'estimatedRows'>;
}

/** The requests behind a chunk of the first one, and whether that is done or has to be read a second time. */
export function afterChunk(
  requests: SnapshotRequests,
  chunk: WrittenChunk,
  nowMs: number,
  owedBytes: number,
): { readonly requests: SnapshotRequests; readonly next: 'chunk' | 'anew' | 'done' } {
  const [first] = requests.queue;
  if (!first) return { requests, next: 'done' };
  const { scope, last } = chunk;
  const before: TableRun = first.run ?? {
    ...chunk.table,
    after: null,
    ended: false,
    chunks: 0,
    rows: 0,
    passed: 0,
    startedMs: nowMs,
  };
  const run: TableRun = {
    ...before,
    after: scope.kind === 'after' ? last : before.after,
    ended: scope.kind === 'after' ? last === null : before.ended,
    chunks: before.chunks + 1,
    rows: before.rows + chunk.rows,
    passed: before.passed + chunk.passed,
  };
  const read = new Set(scope.kind === 'keys' ? scope.keys.map((key) => nameOf(key)) : []);
  const left = first.owed.filter((key) => !read.has(nameOf(key)));
  const after = withOwed(withFirst(requests, { run, owed: left }), chunk.owed, owedBytes);
  const request = after.queue[0];
  if (!run.ended || (request?.owed.length ?? 0) > 0) return { requests: after, next: 'chunk' };
  return { requests: after, next: request?.again ? 'anew' : 'done' };
}
