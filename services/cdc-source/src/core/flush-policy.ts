/** When the open Kafka transaction is committed. */
export interface FlushLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Least time between two commits that are due by time; so an event waits no longer than this and `lingerMs`. */
  readonly intervalMs: number;
  /** What follows the first event within this time shares its commit: the rest of its transaction, mostly. */
  readonly lingerMs: number;
  /** How often a position without events is made durable, so that an idle database does not keep its log. */
  readonly idleAdvanceMs: number;
}

export const DEFAULT_FLUSH_LIMITS: FlushLimits = {
  maxRows: 20_000,
  maxBytes: 16 * 1024 * 1024,
  intervalMs: 100,
  lingerMs: 5,
  idleAdvanceMs: 10_000,
};

/** What the policy looks at. */
export interface FlushState {
  readonly rows: number;
  readonly bytes: number;
  /** True when a commit would let Postgres forget more. */
  readonly advanced: boolean;
}

/** Decides from sizes and the clock; the caller says what time it is (milliseconds). */
export class FlushPolicy {
  readonly #limits: FlushLimits;
  #firstRowAtMs = -1;
  #lastCommitAtMs: number;
  #advanceRequested = false;

  constructor(limits: FlushLimits, nowMs: number) {
    this.#limits = limits;
    this.#lastCommitAtMs = nowMs;
  }

  /** The server asks for an answer: it may be waiting for its whole log to be confirmed before it stops. */
  requestAdvance(): void {
    this.#advanceRequested = true;
  }

  /** Sizes alone: cheap enough to ask after every message. */
  full(state: FlushState): boolean {
    return state.rows >= this.#limits.maxRows || state.bytes >= this.#limits.maxBytes;
  }

  due(state: FlushState, nowMs: number): boolean {
    if (state.rows > 0) {
      if (this.#firstRowAtMs < 0) this.#firstRowAtMs = nowMs;
      return this.full(state) || nowMs >= this.#rowsDueMs(this.#firstRowAtMs);
    }
    if (!state.advanced) return false;
    return this.#advanceRequested || nowMs - this.#lastCommitAtMs >= this.#limits.idleAdvanceMs;
  }

  /** How long the caller may sleep before it asks again, in milliseconds. */
  waitMs(state: FlushState, nowMs: number): number {
    if (state.rows > 0) {
      const firstRowAtMs = this.#firstRowAtMs < 0 ? nowMs : this.#firstRowAtMs;
      return Math.max(0, this.#rowsDueMs(firstRowAtMs) - nowMs);
    }
    return Math.max(1, Math.min(1000, this.#lastCommitAtMs + this.#limits.idleAdvanceMs - nowMs));
  }

  committed(nowMs: number): void {
    this.#firstRowAtMs = -1;
    this.#lastCommitAtMs = nowMs;
    this.#advanceRequested = false;
  }

  // An event that comes after a pause is committed at once; only a steady flow waits for the interval.
  #rowsDueMs(firstRowAtMs: number): number {
    const { intervalMs, lingerMs } = this.#limits;
    return Math.max(firstRowAtMs + lingerMs, this.#lastCommitAtMs + intervalMs);
  }
}
