/** A table that an incremental snapshot was asked for and is not done. */
export interface PendingSnapshot {
  readonly signal: string;
  /** Later signals for the same rows. */
  readonly also: readonly string[];
  readonly table: string;
  readonly where: string | null;
  /** null until its first chunk is written. */
  readonly progress: {
    readonly chunks: number;
    readonly rows: number;
    /** Rows of the table that were passed, and those it has by the planner's estimate (-1 for none). */
    readonly passed: number;
    readonly estimatedRows: number;
    readonly startedAt: string;
    /** null where there is no estimate. */
    readonly secondsLeft: number | null;
  } | null;
}

export interface EndedSnapshot {
  readonly signal: string;
  readonly table: string | null;
  readonly result: 'done' | 'stopped' | 'failed' | 'refused';
  readonly code?: string;
  readonly reason?: string;
  readonly rows: number;
  readonly at: string;
}

/** Snapshots of a source, as its newest progress record tells them. */
export interface SnapshotState {
  readonly paused: boolean;
  /** The first one is read. */
  readonly pending: readonly PendingSnapshot[];
  /** The newest last. */
  readonly ended: readonly EndedSnapshot[];
}

interface RawRun {
  readonly chunks: number;
  readonly rows: number;
  readonly passed: number;
  readonly estimatedRows: number;
  readonly startedMs: number;
}

interface RawState {
  readonly paused?: boolean;
  readonly queue?: readonly {
    readonly signal: string;
    readonly also?: readonly string[];
    readonly table: string;
    readonly filter: string | null;
    readonly run: RawRun | null;
  }[];
  readonly outcomes?: readonly (Omit<EndedSnapshot, 'at'> & { readonly atMs: number })[];
}

/** What a progress record of cdc-source says of snapshots. */
export function snapshotStateOf(record: Buffer, nowMs: number): SnapshotState {
  const { incremental } = JSON.parse(record.toString('utf8')) as { incremental?: RawState };
  const { paused = false, queue = [], outcomes = [] } = incremental ?? {};
  return {
    paused,
    pending: queue.map(({ signal, also = [], table, filter, run }) => ({
      signal,
      also,
      table,
      where: filter,
      progress: run && progressOf(run, nowMs),
    })),
    ended: outcomes.map(({ atMs, ...outcome }) => ({ ...outcome, at: new Date(atMs).toISOString() })),
  };
}

function progressOf(
  { chunks, rows, passed, estimatedRows, startedMs }: RawRun,
  nowMs: number,
): PendingSnapshot['progress'] {
  const left = estimatedRows - passed;
  const known = estimatedRows >= 0 && passed > 0;
  const secondsLeft = known ? Math.max(0, Math.round((left / passed) * ((nowMs - startedMs) / 1000))) : null;
  return { chunks, rows, passed, estimatedRows, startedAt: new Date(startedMs).toISOString(), secondsLeft };
}
