/** Longest silence of a service's loop before it counts as hung. Longer than any single bounded wait of ours. */
const STALL_MS = 180_000;

/** What /livez and /readyz answer from. */
export class HealthState {
  readonly #now: () => number;
  #ready = false;
  #reason = 'starting';
  #lastAliveMs: number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#lastAliveMs = now();
  }

  ready(isReady: boolean, reason = isReady ? 'ready' : 'not ready'): void {
    this.#ready = isReady;
    this.#reason = reason;
  }

  alive(): void {
    this.#lastAliveMs = this.#now();
  }

  get readiness(): { ready: boolean; reason: string } {
    return { ready: this.#ready, reason: this.#reason };
  }

  get liveness(): { live: boolean; silentMs: number } {
    const silentMs = this.#now() - this.#lastAliveMs;
    return { live: silentMs < STALL_MS, silentMs };
  }
}
