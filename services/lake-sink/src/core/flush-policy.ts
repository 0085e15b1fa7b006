import { MAX_OPEN_PARTITIONS, TARGET, type RowBatch } from './row-batch.ts';

/** A merge holds the key and position of every change of its batch: with more rows the process outgrows its 256 MiB. */
const STATE_ROWS = 20_000;

export interface FlushLimits {
  readonly rows: number;
  /** Bytes held by one batch. */
  readonly bytes: number;
  /** Age of a batch's first row. */
  readonly intervalMs: number;
}

export type FlushReason = 'rows' | 'bytes' | 'interval' | 'partitions';

/** Why the batch should be flushed now, or null. */
export function flushReason(batch: RowBatch, limits: FlushLimits, nowMs: number): FlushReason | null {
  if (batch.rows === 0) return null;
  if (batch.rows >= limits.rows) return 'rows';
  if ((batch.targets & ~TARGET.log) !== 0 && batch.rows >= STATE_ROWS) return 'rows';
  if (batch.openPartitions >= MAX_OPEN_PARTITIONS) return 'partitions';
  if (nowMs - batch.openedAtMs >= limits.intervalMs) return 'interval';
  return batch.heldBytes >= limits.bytes ? 'bytes' : null;
}
