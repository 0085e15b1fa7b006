/** Bounds on the log that the slot holds back, in bytes. */
export interface RetainedLogLimits {
  readonly warnBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
}

/** What the server says of the slot. */
export interface RetainedLog {
  readonly retainedBytes: number | null;
  /** null where the server sets no bound. */
  readonly safeBytes: number | null;
}

const DEFAULT_WARN_BYTES = 10 * 1024 ** 3;
/** Repeated only when the amount has grown by half: a line per measurement would hide the others. */
const WARN_AGAIN_FACTOR = 1.5;

/** Decides when the log held back is worth a warning, and when the slot has to go so that the server's disk survives. */
export class RetainedLogPolicy {
  readonly #warnBytes: number;
  readonly #maxBytes: number;
  #warnedAt = 0;

  constructor({ warnBytes, maxBytes = Infinity }: RetainedLogLimits) {
    this.#maxBytes = maxBytes;
    this.#warnBytes = warnBytes ?? Math.min(maxBytes / 2, DEFAULT_WARN_BYTES);
  }

  exceeded(log: RetainedLog): boolean {
    return (log.retainedBytes ?? 0) > this.#maxBytes;
  }

  /** Why a warning is due now, or null; the server's own bound counts from its half on. */
  warning(log: RetainedLog): string | null {
    const retained = log.retainedBytes ?? 0;
    const why = this.#reason(retained, log.safeBytes);
    if (why === null) {
      this.#warnedAt = 0;
      return null;
    }
    if (this.#warnedAt > 0 && retained < this.#warnedAt * WARN_AGAIN_FACTOR) return null;
    this.#warnedAt = Math.max(retained, 1);
    return why;
  }

  #reason(retained: number, safe: number | null): string | null {
    if (safe !== null && retained > safe) {
      return `it holds back ${inMegabytes(retained)}, and the server gives it up after ${inMegabytes(Math.max(safe, 0))} more (max_slot_wal_keep_size)`;
    }
    if (retained <= this.#warnBytes) return null;
    const bound = Number.isFinite(this.#maxBytes)
      ? `, and is dropped at ${inMegabytes(this.#maxBytes)} (retainedLog.maxBytes)`
      : '';
    return `it holds back ${inMegabytes(retained)}${bound}`;
  }
}

export function inMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
