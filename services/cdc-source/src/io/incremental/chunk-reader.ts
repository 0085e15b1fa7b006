import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { isPlatformError, type PlatformError } from '@hasivu/errors';

import { nextScope } from '../../core/incremental/chunk-plan.ts';
import type { ChunkSize } from '../../core/incremental/chunk-size.ts';
import type { SnapshotRequest } from '../../core/incremental/snapshot-requests.ts';
import type { TableWindow } from '../../core/incremental/table-window.ts';
import { failpoint } from '../../failpoints.ts';
import { ChunkSession, ChunkTooLarge, type ChunkSessionOptions } from './chunk-session.ts';
import type { ChunkResult } from './chunk.ts';
import type { SnapshotReport } from './snapshot-report.ts';
import { isStatementTimeout, isTransient } from './transient-error.ts';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5000;

/** A chunk that is read, or that waits for the stream to come to its mark. */
export interface Attempt {
  readonly request: SnapshotRequest;
  readonly window: TableWindow;
  readonly size: ChunkSize;
  readonly stop: AbortController;
  /** How long to wait first: the chunk before it brought nothing new. */
  readonly delayMs: number;
  /** What was read and the mark behind it: there before the mark can come through the stream. */
  read: { readonly mark: string; readonly result: ChunkResult } | null;
}

/** Reads chunks beside the stream, one after the other, for as long as it takes. */
export class ChunkReader {
  readonly #options: ChunkSessionOptions;
  readonly #report: Pick<SnapshotReport, 'waiting' | 'retrying'>;
  #session: ChunkSession | null = null;
  #reading: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  constructor(options: ChunkSessionOptions, report: Pick<SnapshotReport, 'waiting' | 'retrying'>) {
    this.#options = options;
    this.#report = report;
  }

  /** Reads once what was begun before has ended. */
  start(attempt: Attempt): void {
    const before = this.#reading;
    this.#reading = before
      .then(() => this.#read(attempt))
      .catch((error: unknown) => void (this.#failure ??= { error }));
  }

  /** Gives a read up: what it waits for may take long. */
  abandon(attempt: Attempt): void {
    const waits = attempt.read === null;
    attempt.stop.abort();
    if (waits) void this.#session?.close();
  }

  /** Nothing is asked for: the connection is somebody else's to have. */
  rest(): void {
    this.#reading = this.#reading.then(() => this.#closeSession());
  }

  /** @throws what ended the reading: a mistake in this program */
  assertHealthy(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async close(): Promise<void> {
    await this.#session?.close();
    await this.#reading;
    await this.#session?.close();
  }

  async #read(attempt: Attempt): Promise<void> {
    const { signal } = attempt.stop;
    let failed: PlatformError | null = null;
    let delayMs = FIRST_DELAY_MS;
    if (attempt.delayMs > 0) await sleep(attempt.delayMs, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted) {
      try {
        if (failed) return await this.#markFailure(attempt, failed);
        return await this.#readOnce(attempt);
      } catch (error) {
        // Without a session, or with a result that only lacks its mark, it is not the table that cannot be read.
        const unread = this.#session !== null && attempt.read === null;
        // Of no more use after an error; and what it may have marked is not waited for: the next mark is another one.
        attempt.read = null;
        await this.#closeSession();
        if (signal.aborted) return;
        if ((error instanceof ChunkTooLarge || isStatementTimeout(error)) && attempt.size.shrink()) continue;
        if (!isPlatformError(error)) throw error;
        if (unread && !isTransient(error)) {
          failed = error;
          continue;
        }
        this.#report.retrying(attempt.request, error, failed, delayMs);
        await sleep(delayMs, undefined, { signal }).catch(() => undefined);
        delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
      }
    }
  }

  async #readOnce(attempt: Attempt): Promise<void> {
    const { request, window, size } = attempt;
    const { signal } = attempt.stop;
    const session = await this.#open(signal);
    const table = nameOf(request.table);
    if (!window.settled) {
      await session.settle(table, window, () => this.#report.waiting(request), signal);
      window.settled = true;
    }
    const mark = randomUUID();
    await session.read(
      { table, filter: request.filter, scope: nextScope(request, size.rows), like: request.run },
      size,
      mark,
      (snapshot) => window.snapshotTaken(snapshot),
      (result) => {
        failpoint('chunk-read');
        attempt.read = { mark, result };
      },
    );
    failpoint('chunk-marked');
    // A condition may have changed the settings of its session: no other statement is to run under them.
    if (request.filter !== null) await this.#closeSession();
  }

  /** The mark brings the outcome into the order of the stream. */
  async #markFailure(attempt: Attempt, error: PlatformError): Promise<void> {
    const session = await this.#open(attempt.stop.signal);
    const mark = randomUUID();
    attempt.read = { mark, result: { kind: 'failed', error } };
    await session.mark(mark);
  }

  async #open(signal: AbortSignal): Promise<ChunkSession> {
    this.#session ??= await ChunkSession.open(this.#options);
    signal.throwIfAborted();
    return this.#session;
  }

  async #closeSession(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }
}

function nameOf(table: string): { readonly schema: string; readonly table: string } {
  const dot = table.indexOf('.');
  return { schema: table.slice(0, dot), table: table.slice(dot + 1) };
}
