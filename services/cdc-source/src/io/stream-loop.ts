import type { Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import { STREAM, type ReplicationStream } from '@hasivu/postgres';

import { AFTER, type ChangeRouter } from '../core/change-router.ts';
import type { DdlTokens } from '../core/ddl-tokens.ts';
import type { Errands } from '../core/errands.ts';
import { FlushPolicy, type FlushLimits, type FlushState } from '../core/flush-policy.ts';
import type { PositionLedger, SealedProgress } from '../core/position-ledger.ts';
import { INTAKE, type StreamIntake } from '../core/stream-intake.ts';
import { failpoint } from '../failpoints.ts';
import type { ProgressProducer } from './progress-producer.ts';
import { SpoolAttendant } from './spool-attendant.ts';
import type { SpoolDisk } from './spool-disk.ts';

export interface StreamLoopOptions {
  readonly stream: ReplicationStream;
  readonly router: ChangeRouter;
  readonly ledger: PositionLedger;
  readonly sink: ProgressProducer;
  readonly limits: FlushLimits;
  readonly sendBytes: number;
  readonly intake: StreamIntake;
  readonly disk: SpoolDisk;
  readonly ddlTokens: DdlTokens;
  /** Does what the router asks for with `AFTER`: compiles its pending relation, or opens the topic of messages. */
  readonly adopt: (router: ChangeRouter) => Promise<void>;
  /** Work that handling a message left to do. */
  readonly errands: Errands;
  /** Commits the sink with the progress that covers `sealed`. */
  readonly commit: (sealed: SealedProgress) => Promise<void>;
  /** Called when the stream has brought more than keepalives. */
  readonly received: () => void;
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
  readonly #attendant: SpoolAttendant;
  readonly #state: { -readonly [K in keyof FlushState]: FlushState[K] } = {
    rows: 0,
    bytes: 0,
    advanced: false,
  };

  constructor(options: StreamLoopOptions) {
    this.#options = options;
    this.#policy = new FlushPolicy(options.limits, performance.now());
    this.#attendant = new SpoolAttendant({
      ...options,
      relieve: () => this.#relieve(),
      turn: () => this.#turn(),
    });
  }

  /** Runs until the signal aborts; then commits what was accepted, so that the last confirmation covers it. */
  async run(): Promise<void> {
    const { stream, signal } = this.#options;
    const interrupt = (): void => stream.interrupt();
    signal.addEventListener('abort', interrupt);
    try {
      while (!signal.aborted) {
        const arrived = await stream.read(this.#policy.waitMs(this.#flushState(), performance.now()));
        if (arrived) await this.#drainMessages();
        await this.#turn();
      }
      failpoint('stream-ended');
      const state = this.#flushState();
      if (state.rows > 0 || state.advanced) await this.#commit();
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  }

  async #drainMessages(): Promise<void> {
    const { stream, router, intake, ledger, signal } = this.#options;
    router.nowMs = Date.now();
    let brought = false;
    for (let kind = stream.next(); kind !== STREAM.nothing; kind = stream.next()) {
      if (kind === STREAM.keepalive) {
        ledger.keepalive(stream.receivedLsn);
        if (stream.replyRequested) this.#answer();
        continue;
      }
      if (!brought) this.#options.received();
      brought = true;
      const { buffer, start, end, lsnHi, lsnLo } = stream;
      const step = intake.take(buffer, start, end, lsnHi, lsnLo);
      if (step === INTAKE.kept) continue;
      if (step === INTAKE.attend) {
        await this.#attendant.attend();
        if (signal.aborted) return;
        continue;
      }
      while (router.handle(buffer, start, end, lsnHi, lsnLo) !== AFTER.nothing) {
        await this.#options.adopt(router);
      }
      const relief = this.#relieve();
      if (relief) await relief;
    }
  }

  /** Does what handling the message left to do, sends or commits when that is due by size. */
  #relieve(): Promise<void> | undefined {
    const { sink, sendBytes, errands } = this.#options;
    if (!errands.waiting && sink.bufferedBytes < sendBytes && !this.#policy.full(this.#flushState()))
      return undefined;
    return this.#sendOrCommit();
  }

  async #sendOrCommit(): Promise<void> {
    const { sink, sendBytes, errands } = this.#options;
    if (errands.waiting) await errands.run();
    if (sink.bufferedBytes >= sendBytes) {
      await sink.send();
      failpoint('large-transaction-sent');
    }
    if (this.#policy.full(this.#flushState())) await this.#commit();
  }

  /** Commits when that is due by time. False when the run is to stop. */
  async #turn(): Promise<boolean> {
    const { router, alive, signal } = this.#options;
    if (this.#policy.due(this.#flushState(), performance.now())) await this.#commit();
    router.nowMs = Date.now();
    alive();
    return !signal.aborted;
  }

  // A server that shuts down asks until its whole log is confirmed: make the position durable now, not at the interval.
  #answer(): void {
    const { ledger, stream } = this.#options;
    this.#policy.requestAdvance();
    stream.sendStatus();
    if (!ledger.heldBack || ledger.advanced || ledger.pendingEvents > 0) return;
    throw new PlatformError('SOURCE_CONNECTION_LOST', {
      doing: 'answering the server, which asks for its whole log to be confirmed',
      why: 'a prepared transaction holds that back, and a server that shuts down would wait for it for ever',
    });
  }

  async #commit(): Promise<void> {
    const { ledger, commit, stream } = this.#options;
    const before: Lsn = ledger.acknowledgeable;
    const sealed = ledger.seal();
    await commit(sealed);
    failpoint('before-settle');
    ledger.settle(sealed);
    this.#policy.committed(performance.now());
    failpoint('before-confirm');
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
