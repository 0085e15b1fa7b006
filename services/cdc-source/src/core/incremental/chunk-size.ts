/** Rows that a chunk of the table may have: as many as fit into a good part of the memory there is for it. */
export class ChunkSize {
  static readonly maxBytes = 16 * 1024 * 1024;
  static readonly #wantedBytes = 4 * 1024 * 1024;
  readonly #maxRows: number;
  rows: number;

  constructor(maxRows = 20_000, firstRows = 1_000) {
    this.#maxRows = maxRows;
    this.rows = Math.min(firstRows, maxRows);
  }

  /** A chunk of this many bytes was read. */
  fits(rows: number, bytes: number): void {
    if (rows === 0) return;
    const wanted = Math.floor(ChunkSize.#wantedBytes / Math.max(1, bytes / rows));
    this.rows = Math.max(1, Math.min(this.#maxRows, this.rows * 4, wanted));
  }

  /** A chunk was too large, or took too long. False when it cannot be smaller. */
  shrink(): boolean {
    if (this.rows === 1) return false;
    this.rows = Math.max(1, this.rows >> 2);
    return true;
  }
}
