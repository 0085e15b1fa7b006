/** How far a copy is, as people and monitors want to know it. */
export interface CopyEstimate {
  readonly rows: number;
  /** Bytes of the table that were read, and those it has. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly rowsPerSecond: number;
  /** null before the first range is done. */
  readonly secondsLeft: number | null;
}

/** Rows and bytes copied in this life, of one table or of all, and the rate they came at. */
export class CopyMeter {
  readonly totalBytes: number;
  readonly #startedMs: number;
  readonly #bytesBefore: number;
  #rows = 0;
  #bytes: number;

  /** @param bytesBefore what earlier lives have copied of `totalBytes` */
  constructor(totalBytes: number, bytesBefore: number, startedMs: number) {
    this.totalBytes = totalBytes;
    this.#bytesBefore = this.#bytes = bytesBefore;
    this.#startedMs = startedMs;
  }

  rangeDone(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
  }

  estimate(nowMs: number): CopyEstimate {
    const seconds = Math.max(nowMs - this.#startedMs, 1) / 1000;
    const bytesPerSecond = (this.#bytes - this.#bytesBefore) / seconds;
    const bytesLeft = Math.max(0, this.totalBytes - this.#bytes);
    return {
      rows: this.#rows,
      bytes: this.#bytes,
      totalBytes: this.totalBytes,
      rowsPerSecond: Math.round(this.#rows / seconds),
      secondsLeft: bytesPerSecond > 0 ? Math.round(bytesLeft / bytesPerSecond) : null,
    };
  }
}
