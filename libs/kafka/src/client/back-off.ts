import { setTimeout as sleep } from 'node:timers/promises';

export interface BackOffBounds {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Growing pauses with jitter, and the moment after which one gives up. */
export class BackOff {
  readonly #bounds: BackOffBounds;
  readonly #deadlineMs: number;
  #delayMs: number;

  constructor(bounds: BackOffBounds, giveUpAfterMs: number) {
    this.#bounds = bounds;
    this.#delayMs = bounds.firstMs;
    this.#deadlineMs = performance.now() + giveUpAfterMs;
  }

  get isExhausted(): boolean {
    return performance.now() >= this.#deadlineMs;
  }

  /** The next pause: half of it is random, so that many clients do not return at once. */
  nextDelayMs(): number {
    const delay = this.#delayMs;
    this.#delayMs = Math.min(this.#bounds.maxMs, delay * 2);
    return delay / 2 + (Math.random() * delay) / 2;
  }

  /** Waits for the next pause; returns early, without an error, when the signal aborts. */
  async pause(signal?: AbortSignal): Promise<void> {
    await sleep(this.nextDelayMs(), undefined, signal === undefined ? {} : { signal }).catch(
      (error: unknown) => {
        if (signal?.aborted !== true) throw error;
      },
    );
  }
}

export const RECONNECT: BackOffBounds = { firstMs: 50, maxMs: 1000 };
export const REQUEST_RETRY: BackOffBounds = { firstMs: 20, maxMs: 500 };
/** The coordinator writes the markers of the transaction before: a matter of a few milliseconds. */
export const CONCURRENT_TRANSACTION: BackOffBounds = { firstMs: 5, maxMs: 20 };
