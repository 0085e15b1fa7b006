export interface CommitLimits {
  /** Input records of one transaction. */
  readonly maxRows: number;
  /** Output bytes that wait in the producer. */
  readonly maxBytes: number;
  /** Longest time between the first record of a transaction and its commit, milliseconds. */
  readonly intervalMs: number;
}

export const DEFAULT_COMMIT_LIMITS: CommitLimits = {
  maxRows: 50_000,
  maxBytes: 8 * 1024 * 1024,
  intervalMs: 200,
};

/** When the open transaction is committed. The caller says what time it is. */
export class CommitPolicy {
  readonly #limits: CommitLimits;
  #openedAtMs = -1;

  constructor(limits: CommitLimits = DEFAULT_COMMIT_LIMITS) {
    this.#limits = limits;
  }

  get isOpen(): boolean {
    return this.#openedAtMs >= 0;
  }

  opened(nowMs: number): void {
    if (this.#openedAtMs < 0) this.#openedAtMs = nowMs;
  }

  committed(): void {
    this.#openedAtMs = -1;
  }

  due(rows: number, bufferedBytes: number, nowMs: number): boolean {
    if (!this.isOpen) return false;
    const { maxRows, maxBytes } = this.#limits;
    return rows >= maxRows || bufferedBytes >= maxBytes || this.waitMs(nowMs) === 0;
  }

  /** Time left before the commit is due; Infinity while nothing waits for one. */
  waitMs(nowMs: number): number {
    if (!this.isOpen) return Infinity;
    return Math.max(0, this.#openedAtMs + this.#limits.intervalMs - nowMs);
  }
}
