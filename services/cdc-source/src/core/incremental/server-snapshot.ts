/** What a snapshot of the server sees, as `pg_current_snapshot()` prints it: `xmin:xmax:xip,…`. */
export class ServerSnapshot {
  readonly #xmin: bigint;
  readonly #xmax: bigint;
  readonly #inProgress: ReadonlySet<bigint>;

  private constructor(xmin: bigint, xmax: bigint, inProgress: ReadonlySet<bigint>) {
    this.#xmin = xmin;
    this.#xmax = xmax;
    this.#inProgress = inProgress;
  }

  /** @throws SyntaxError, RangeError when the text is no snapshot */
  static parse(text: string): ServerSnapshot {
    const [xmin, xmax, inProgress] = text.split(':');
    if (!xmin || !xmax || inProgress === undefined) throw new RangeError('not a snapshot of the server');
    const xids = inProgress === '' ? [] : inProgress.split(',').map(BigInt);
    return new ServerSnapshot(BigInt(xmin), BigInt(xmax), new Set(xids));
  }

  /**
   * Whether the snapshot sees what a committed transaction did.
   * @param xid the 32 bits that the stream has of a top-level transaction; the rest is that of the transactions around
   */
  sees(xid: number): boolean {
    const full = this.#xmax + BigInt((xid - Number(this.#xmax & 0xffffffffn)) | 0);
    if (full < this.#xmin) return true;
    return full < this.#xmax && !this.#inProgress.has(full);
  }
}
