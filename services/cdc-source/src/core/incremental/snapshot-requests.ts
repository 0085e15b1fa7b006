import type { KeyText } from '@hasivu/postgres';

import { nameOf, OwedKeys } from './owed-keys.ts';
import { REQUEST_BOUNDS, type RequestBounds } from './request-bounds.ts';

/** How far the read of one table is. */
export interface TableRun {
  readonly oid: number;
  /** Fingerprint of columns, key and row filter: another one begins the table anew. */
  readonly shape: string;
  /** Last key of the last chunk; null before the first. */
  readonly after: KeyText | null;
  /** True when the end of the table was reached; only rows that are owed are left. */
  readonly ended: boolean;
  readonly chunks: number;
  /** Rows that were written. */
  readonly rows: number;
  /** Rows of the table that were passed, whether or not they fulfil the condition. */
  readonly passed: number;
  /** Rows that the table has, by the planner's estimate; -1 where there is none. */
  readonly estimatedRows: number;
  readonly startedMs: number;
}

/** One table of a signal. */
export interface SnapshotRequest {
  /** Id of the signal. */
  readonly signal: string;
  /** Ids of later signals for the same rows, which came before the first chunk was written. */
  readonly also?: readonly string[];
  /** `schema.table`. */
  readonly table: string;
  /** Condition on the rows, as SQL; null for all. */
  readonly filter: string | null;
  /** Keys whose rows have to be read once more: readers may lack a value that the log left out. */
  readonly owed: readonly KeyText[];
  /** Too many rows are owed to be read by their keys: the table is read a second time. */
  readonly again: boolean;
  /** null until its first chunk is written. */
  readonly run: TableRun | null;
}

/** What became of a signal, or of one table of it. */
export interface SnapshotOutcome {
  readonly signal: string;
  readonly table: string | null;
  readonly result: 'done' | 'stopped' | 'failed' | 'refused';
  /** Of the error, where there is one. */
  readonly code?: string;
  readonly reason?: string;
  readonly rows: number;
  readonly atMs: number;
}

/** Everything about incremental snapshots that outlives a process; it is in the progress record. */
export interface SnapshotRequests {
  readonly paused: boolean;
  /** The first one is read. */
  readonly queue: readonly SnapshotRequest[];
  /** The newest last. */
  readonly outcomes: readonly SnapshotOutcome[];
}

export const NO_REQUESTS: SnapshotRequests = { paused: false, queue: [], outcomes: [] };

const OUTCOMES_KEPT = 32;
const REASON_LENGTH = 500;

export function isIdle(requests: SnapshotRequests): boolean {
  return !requests.paused && requests.queue.length === 0 && requests.outcomes.length === 0;
}

/**
 * Puts requests behind those that wait. One for rows that a request waits for already, none of which was written yet, is
 * fulfilled by that one.
 */
export function withRequests(
  requests: SnapshotRequests,
  added: readonly SnapshotRequest[],
  bounds: RequestBounds = REQUEST_BOUNDS,
): { readonly requests: SnapshotRequests; readonly left: readonly SnapshotRequest[] } {
  const queue = [...requests.queue];
  const waiting = new Map<string, number>();
  let bytes = 0;
  for (const [i, one] of queue.entries()) {
    bytes += bytesOf(one);
    if (one.run === null) waiting.set(rowsOf(one), i);
  }
  const left: SnapshotRequest[] = [];
  for (const one of added) {
    const at = waiting.get(rowsOf(one));
    const same = at === undefined ? undefined : queue[at];
    const next = same ? joined(same, one.signal) : one;
    const more = bytesOf(next) - (same ? bytesOf(same) : 0);
    if (bytes + more > bounds.queueBytes || (!same && queue.length >= bounds.queued)) {
      left.push(one);
      continue;
    }
    bytes += more;
    waiting.set(rowsOf(one), at ?? queue.length);
    queue[at ?? queue.length] = next;
  }
  return { requests: { ...requests, queue }, left };
}

function joined(request: SnapshotRequest, signal: string): SnapshotRequest {
  const { also = [] } = request;
  if (request.signal === signal || also.includes(signal)) return request;
  // Of more than that no outcome would be kept.
  return { ...request, also: [...also, signal].slice(-OUTCOMES_KEPT) };
}

function rowsOf({ table, filter }: SnapshotRequest): string {
  return filter === null ? table : `${table}\0${filter}`;
}

const sizes = new WeakMap<SnapshotRequest, number>();

/** What is asked for, as it is in the progress record. */
function bytesOf(request: SnapshotRequest): number {
  const known = sizes.get(request);
  if (known !== undefined) return known;
  const { signal, also, table, filter } = request;
  const bytes = Buffer.byteLength(
    JSON.stringify({ signal, also, table, filter, owed: [], again: false, run: null }),
  );
  sizes.set(request, bytes);
  return bytes;
}

export function withOutcome(requests: SnapshotRequests, outcome: SnapshotOutcome): SnapshotRequests {
  const { reason } = outcome;
  const short = reason === undefined ? outcome : { ...outcome, reason: reason.slice(0, REASON_LENGTH) };
  return { ...requests, outcomes: [...requests.outcomes, short].slice(-OUTCOMES_KEPT) };
}

/** What became of a request, for each signal that asked for it. */
export function withOutcomes(
  requests: SnapshotRequests,
  { signal, also = [], table, run }: SnapshotRequest,
  outcome: Pick<SnapshotOutcome, 'result' | 'code' | 'reason' | 'atMs'>,
): SnapshotRequests {
  let next = requests;
  for (const id of [signal, ...also])
    next = withOutcome(next, { signal: id, table, rows: run?.rows ?? 0, ...outcome });
  return next;
}

/** Takes the first request off the queue. */
export function finishFirst(
  requests: SnapshotRequests,
  outcome: Pick<SnapshotOutcome, 'result' | 'code' | 'reason' | 'atMs'>,
): SnapshotRequests {
  const [first, ...queue] = requests.queue;
  return first ? withOutcomes({ ...requests, queue }, first, outcome) : requests;
}

/** Ends the requests for these tables, or all; tells how many. */
export function stopTables(
  requests: SnapshotRequests,
  tables: ((table: string) => boolean) | null,
  atMs: number,
): SnapshotRequests {
  const { hit = [], kept = [] } = Object.groupBy(requests.queue, ({ table }) =>
    tables === null || tables(table) ? 'hit' : 'kept',
  );
  let next: SnapshotRequests = { ...requests, queue: kept };
  for (const one of hit) next = withOutcomes(next, one, { result: 'stopped', atMs });
  return next;
}

/** The request that is read, changed. */
export function withFirst(
  requests: SnapshotRequests,
  change: Partial<Pick<SnapshotRequest, 'owed' | 'again' | 'run'>>,
): SnapshotRequests {
  const [first, ...rest] = requests.queue;
  return first ? { ...requests, queue: [{ ...first, ...change }, ...rest] } : requests;
}

/** Rows of the table that is read are to be read (again) by their keys. */
export function withOwed(
  requests: SnapshotRequests,
  keys: readonly KeyText[],
  maxBytes: number,
): SnapshotRequests {
  const first = requests.queue[0];
  if (!first || first.again || keys.length === 0) return requests;
  const owed = new OwedKeys(first, maxBytes);
  for (const key of keys) owed.add(key, nameOf(key));
  return withFirst(requests, { owed: owed.keys, again: owed.again });
}

/** The table is read from its beginning; what was owed is among that. */
export function anew(requests: SnapshotRequests): SnapshotRequests {
  const run = requests.queue[0]?.run ?? null;
  return withFirst(requests, {
    owed: [],
    again: false,
    run: run && { ...run, after: null, ended: false, passed: 0 },
  });
}
