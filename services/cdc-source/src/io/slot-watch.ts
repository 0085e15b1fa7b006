import { setTimeout as sleep } from 'node:timers/promises';

import { PlatformError } from '@hasivu/errors';
import { dropSlot, slotState, type CatalogSession, type SlotState } from '@hasivu/postgres';

import { RetainedLogPolicy } from '../core/retained-log.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import { logBoundError } from './slot-bound.ts';

const POLL_MS = 250;

export interface SlotWatchOptions {
  readonly dependencies: SourceDependencies;
  readonly session: CatalogSession;
  readonly serverVersion: number;
}

/**
 * Looks at the slot for as long as a run lasts: measures what it holds back, warns, and drops it beyond the configured
 * bound. It works beside the stream, so that a Kafka that does not answer cannot keep it from protecting the disk of the
 * source.
 */
export class SlotWatch implements AsyncDisposable {
  readonly #options: SlotWatchOptions;
  readonly #policy: RetainedLogPolicy;
  readonly #timer: NodeJS.Timeout;
  readonly #stop = new AbortController();
  #measuring: Promise<void> | null = null;
  #exceeded: PlatformError | null = null;

  constructor(options: SlotWatchOptions) {
    this.#options = options;
    const { settings } = options.dependencies;
    this.#policy = new RetainedLogPolicy(settings.postgres.retainedLog);
    this.#timer = setInterval(() => this.#tick(), settings.watchIntervalMs);
    this.#tick();
  }

  /** Aborts when the run has to end because the slot goes. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Why the slot was dropped, once it is; null while it may stay. */
  async outcome(): Promise<PlatformError | null> {
    await this.#measuring;
    return this.#exceeded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#measuring;
  }

  #tick(): void {
    // A failed measurement shows as a broken session at the loop's next turn.
    this.#measuring ??= this.#measure()
      .catch(() => undefined)
      .finally(() => (this.#measuring = null));
  }

  async #measure(): Promise<void> {
    const { dependencies, session, serverVersion } = this.#options;
    const { settings, metrics, logger } = dependencies;
    const { slot, retainedLog } = settings.postgres;
    const state = await slotState(session, slot, serverVersion);
    metrics.slot(state);
    if (!state || this.#exceeded) return;
    const why = this.#policy.warning(state);
    if (why !== null) {
      const warning = new PlatformError('SOURCE_LOG_RETAINED', {
        doing: `watching the replication slot "${slot}"`,
        why,
      });
      const { retainedBytes, safeBytes, walStatus } = state;
      logger.warn({ code: warning.code, slot, retainedBytes, safeBytes, walStatus }, warning.message);
    }
    if (this.#policy.exceeded(state)) await this.#giveUp(logBoundError(slot, state, retainedLog.maxBytes));
  }

  async #giveUp(error: PlatformError): Promise<void> {
    this.#exceeded = error;
    this.#stop.abort();
    const { dependencies, session, serverVersion } = this.#options;
    const { settings, metrics } = dependencies;
    const { slot } = settings.postgres;
    // The stream lets go by itself unless it waits for Kafka.
    const deadline = performance.now() + settings.slotReleaseMs;
    let state: SlotState | null;
    do {
      await sleep(POLL_MS);
      state = await slotState(session, slot, serverVersion);
    } while (state?.active === true && performance.now() < deadline);
    await dropSlot(session, slot, true);
    metrics.slot(null);
  }
}
