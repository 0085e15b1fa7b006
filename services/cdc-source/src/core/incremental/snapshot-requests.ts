import type { KeyText } from '@hasivu/postgres';

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
/** More owed keys than this, and the table is read again instead. */
const MAX_OWED = 5_000;

export function isIdle(requests: SnapshotRequests): boolean {
  return !requests.paused && requests.queue.length === 0 && requests.outcomes.length === 0;
}

export function withRequests(
  requests: SnapshotRequests,
  added: readonly SnapshotRequest[],
): SnapshotRequests {
  return { ...requests, queue: [...requests.queue, ...added] };
}

export function withOutcome(requests: SnapshotRequests, outcome: SnapshotOutcome): SnapshotRequests {
  return { ...requests, outcomes: [...requests.outcomes, outcome].slice(-OUTCOMES_KEPT) };
}

/** Takes the first request off the queue. */
export function finishFirst(
  requests: SnapshotRequests,
  outcome: Pick<SnapshotOutcome, 'result' | 'code' | 'reason' | 'atMs'>,
): SnapshotRequests {
  const [first, ...queue] = requests.queue;
  if (!first) return requests;
  const { signal, table, run } = first;
  return withOutcome({ ...requests, queue }, { signal, table, rows: run?.rows ?? 0, ...outcome });
}

/** Ends the requests for these tables, or all; tells how many. */
export function stopTables(
  requests: SnapshotRequests,
  tables: ((table: string) => boolean) | null,
  atMs: number,
): { readonly requests: SnapshotRequests; readonly stopped: number } {
  const hit = requests.queue.filter(({ table }) => tables === null || tables(table));
  let next: SnapshotRequests = { ...requests, queue: requests.queue.filter((one) => !hit.includes(one)) };
  for (const { signal, table, run } of hit)
    next = withOutcome(next, { signal, table, result: 'stopped', rows: run?.rows ?? 0, atMs });
  return { requests: next, stopped: hit.length };
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
export function withOwed(requests: SnapshotRequests, keys: readonly KeyText[]): SnapshotRequests {
  const first = requests.queue[0];
  if (!first || first.again || keys.length === 0) return requests;
  const known = new Set(first.owed.map((key) => JSON.stringify(key)));
  const owed = [...first.owed, ...keys.filter((key) => !known.has(JSON.stringify(key)))];
  return withFirst(requests, owed.length > MAX_OWED ? { owed: [], again: true } : { owed });
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
