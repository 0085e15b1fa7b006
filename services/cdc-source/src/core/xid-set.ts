const BLOCK_BITS = 8192;

/**
 * Transaction ids, a bit each: a transaction may roll back millions of savepoints, and their ids lie close together.
 */
export class XidSet {
  readonly #blocks = new Map<number, Uint8Array>();

  add(xid: number): void {
    const number = Math.floor(xid / BLOCK_BITS);
    let block = this.#blocks.get(number);
    if (!block) {
      block = new Uint8Array(BLOCK_BITS / 8);
      this.#blocks.set(number, block);
    }
    const bit = xid % BLOCK_BITS;
    block[bit >> 3] = (block[bit >> 3] as number) | (1 << (bit & 7));
  }

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }

  has(xid: number): boolean {
    const block = this.#blocks.get(Math.floor(xid / BLOCK_BITS));
    if (!block) return false;
    const bit = xid % BLOCK_BITS;
    return ((block[bit >> 3] as number) & (1 << (bit & 7))) !== 0;
  }
}
