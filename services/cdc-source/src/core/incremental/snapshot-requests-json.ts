import {
  NO_REQUESTS,
  type SnapshotOutcome,
  type SnapshotRequest,
  type SnapshotRequests,
  type TableRun,
} from './snapshot-requests.ts';

/** @throws TypeError when it is not what JSON makes of {@link SnapshotRequests} */
export function parseRequests(value: unknown): SnapshotRequests {
  if (value === undefined) return NO_REQUESTS;
  const { paused, queue, outcomes } = value as { paused: unknown; queue: unknown; outcomes: unknown };
  if (!Array.isArray(queue) || !Array.isArray(outcomes)) throw new TypeError('snapshot requests are no list');
  return {
    paused: paused === true,
    queue: queue.map(requestOf),
    outcomes: outcomes.map(outcomeOf),
  };
}

function requestOf(value: unknown): SnapshotRequest {
  const { signal, also, table, filter, owed, again, run } = value as Record<string, unknown>;
  return {
    signal: String(signal),
    ...(Array.isArray(also) && { also: also.map(String) }),
    table: String(table),
    filter: typeof filter === 'string' ? filter : null,
    owed: Array.isArray(owed) ? owed.map(keyOf) : [],
    again: again === true,
    run: run === null || run === undefined ? null : runOf(run),
  };
}

function runOf(value: unknown): TableRun {
  const raw = value as { -readonly [K in keyof TableRun]: unknown };
  return {
    oid: Number(raw.oid),
    shape: String(raw.shape),
    after: raw.after === null ? null : keyOf(raw.after),
    ended: raw.ended === true,
    chunks: Number(raw.chunks),
    rows: Number(raw.rows),
    passed: Number(raw.passed),
    estimatedRows: Number(raw.estimatedRows),
    startedMs: Number(raw.startedMs),
  };
}

function keyOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError('a key is no list');
  return value.map(String);
}

function outcomeOf(value: unknown): SnapshotOutcome {
  const { signal, table, result, code, reason, rows, atMs } = value as Record<string, unknown>;
  return {
    signal: String(signal),
    table: typeof table === 'string' ? table : null,
    result: result as SnapshotOutcome['result'],
    ...(typeof code === 'string' && { code }),
    ...(typeof reason === 'string' && { reason }),
    rows: Number(rows),
    atMs: Number(atMs),
  };
}
