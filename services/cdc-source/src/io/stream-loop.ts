import type { Lsn } from '@hasivu/change-events';
import { STREAM, type ReplicationStream } from '@hasivu/postgres';

import { AFTER, type ChangeRouter } from '../core/change-router.ts';
import { FlushPolicy, type FlushLimits, type FlushState } from '../core/flush-policy.ts';
import type { PositionLedger, SealedProgress } from '../core/position-ledger.ts';
import type { ProgressProducer } from './progress-producer.ts';

export interface StreamLoopOptions {
  readonly stream: ReplicationStream;
  readonly router: ChangeRouter;
  readonly ledger: PositionLedger;
  readonly sink: ProgressProducer;
  readonly limits: FlushLimits;
  readonly sendBytes: number;
  /** Compiles the router's pending relation and gives it back. */
  readonly adopt: (router: ChangeRouter) => Promise<void>;
  /** Commits the sink with the progress that covers `sealed`. */
  readonly commit: (sealed: SealedProgress) => Promise<void>;
  /** Called at every turn of the loop, with or without data. */
  readonly alive: () => void;
  readonly signal: AbortSignal;
}

/**
 * Drives the stream: one loop is the only one that changes the ledger, the router and the sink. It reads when it has
 * nothing to do, so while Kafka is slow nothing is read and Postgres waits.
 */
export class StreamLoop {
  readonly #options: StreamLoopOptions;
  readonly #policy: FlushPolicy;
  readonly #state: { -readonly [K in keyof FlushState]: FlushState[K] } = {
    rows: 0,
    bytes: 0,
    advanced: false,
  };

  constructor(options: StreamLoopOptions) {
    this.#options = options;
    this.#policy = new FlushPolicy(options.limits, performance.now());
  }

  /** Runs until the signal aborts; then commits what was accepted, so that the last confirmation covers it. */
  async run(): Promise<void> {
    const { stream, signal, alive } = this.#options;
    const interrupt = (): void => stream.interrupt();
    signal.addEventListener('abort', interrupt);
    try {
      while (!signal.aborted) {
        const arrived = await stream.read(this.#policy.waitMs(this.#flushState(), performance.now()));
        if (arrived) await this.#drainMessages();
        if (this.#policy.due(this.#flushState(), performance.now())) await this.#commit();
        alive();
      }
      const state = this.#flushState();
      if (state.rows > 0 || state.advanced) await this.#commit();
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  }

  async #drainMessages(): Promise<void> {
    const { stream, router, ledger, sink, sendBytes } = this.#options;
    router.nowMs = Date.now();
    for (let kind = stream.next(); kind !== STREAM.nothing; kind = stream.next()) {
      if (kind === STREAM.keepalive) {
        ledger.keepalive(stream.receivedLsn);
        if (stream.replyRequested) this.#answer();
        continue;
      }
      while (
        router.handle(stream.buffer, stream.start, stream.end, stream.lsnHi, stream.lsnLo) ===
        AFTER.adoptRelation
      ) {
        await this.#options.adopt(router);
      }
      if (sink.bufferedBytes >= sendBytes) await sink.send();
      if (this.#policy.full(this.#flushState())) await this.#commit();
    }
  }

  // A server that shuts down asks until its whole log is confirmed: make the position durable now, not at the interval.
  #answer(): void {
    this.#policy.requestAdvance();
    this.#options.stream.sendStatus();
  }

  async #commit(): Promise<void> {
    const { ledger, commit, stream } = this.#options;
    const before: Lsn = ledger.acknowledgeable;
    const sealed = ledger.seal();
    await commit(sealed);
    ledger.settle(sealed);
    this.#policy.committed(performance.now());
    // Only news is worth a message; the interval keeps the connection alive.
    if (ledger.acknowledgeable > before) stream.sendStatus();
  }

  #flushState(): FlushState {
    const { ledger, sink } = this.#options;
    const state = this.#state;
    state.rows = ledger.pendingEvents;
    state.bytes = sink.bytes;
    state.advanced = ledger.advanced;
    return state;
  }
}
