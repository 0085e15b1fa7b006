import type { PlatformError } from '@hasivu/errors';

import type {
  SnapshotOutcome,
  SnapshotRequest,
  SnapshotRequests,
  TableRun,
} from '../../core/incremental/snapshot-requests.ts';
import type { SourceDependencies } from '../../source-dependencies.ts';
import type { EmittedChunk } from './chunk-emitter.ts';

const REPORT_EVERY_MS = 5000;

/** Tells people and monitors how far snapshots beside the stream are. */
export class SnapshotReport {
  readonly #dependencies: SourceDependencies;
  /** Where this life began with the table that is read. */
  #begin: { readonly table: string; readonly passed: number; readonly atMs: number } | null = null;
  #reportedMs = performance.now();

  constructor(dependencies: SourceDependencies) {
    this.#dependencies = dependencies;
  }

  changed({ queue, paused }: SnapshotRequests): void {
    this.#dependencies.metrics.incrementalQueue(paused ? 0 : queue.length, paused ? queue.length : 0);
    if (queue.length === 0) this.#dependencies.metrics.incrementalSecondsLeft(0);
  }

  waiting({ signal, table }: SnapshotRequest): void {
    this.#dependencies.logger.info(
      { signal, table },
      'incremental snapshot waits for transactions that wrote to the table before',
    );
  }

  /**
   * A chunk is read again, or its mark written again.
   * @param failed what ends the snapshot as soon as the log can be marked; null where the chunk is read again
   */
  retrying(
    { signal, table }: SnapshotRequest,
    error: PlatformError,
    failed: PlatformError | null,
    delayMs: number,
  ): void {
    const { metrics, logger } = this.#dependencies;
    metrics.incrementalRetry();
    const what = failed ? `marking again that it failed: ${failed.message}` : 'reading again';
    logger.warn({ code: error.code, signal, table, delayMs }, `${error.message} (${what})`);
  }

  chunk(table: string, { rows, superseded }: EmittedChunk, run: TableRun | null): void {
    const { metrics, logger } = this.#dependencies;
    metrics.incrementalChunk(table, rows, superseded);
    if (!run) return;
    const nowMs = performance.now();
    if (this.#begin?.table !== table || run.passed < this.#begin.passed)
      this.#begin = { table, passed: run.passed, atMs: nowMs };
    const left = Math.max(0, run.estimatedRows - run.passed);
    const rate = (run.passed - this.#begin.passed) / Math.max(1, nowMs - this.#begin.atMs);
    const secondsLeft = rate > 0 ? Math.round(left / rate / 1000) : 0;
    metrics.incrementalSecondsLeft(secondsLeft);
    if (nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = nowMs;
    const { chunks, rows: written, passed, estimatedRows } = run;
    logger.info({ table, chunks, rows: written, passed, estimatedRows, secondsLeft }, 'incremental snapshot');
  }

  overflowed(table: string): void {
    this.#dependencies.logger.info({ table }, 'a chunk is read again: too much was changed meanwhile');
  }

  finished(
    request: SnapshotRequest | undefined,
    { result, code, reason }: Pick<SnapshotOutcome, 'result' | 'code' | 'reason'>,
  ): void {
    if (!request) return;
    const { metrics, logger } = this.#dependencies;
    const { signal, table, run } = request;
    metrics.incrementalEnded(result);
    const about = { signal, table, rows: run?.rows ?? 0, chunks: run?.chunks ?? 0 };
    if (result === 'failed') logger.error({ ...about, code }, `incremental snapshot failed: ${reason ?? ''}`);
    else logger.info(about, `incremental snapshot ${result}`);
  }
}
