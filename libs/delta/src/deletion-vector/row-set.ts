import { BLOCK_ROWS, RowBlock } from './row-block.ts';

/** A set of row numbers of one data file, from 0 to 2^53 − 1, as a deletion vector holds it. */
export class RowSet {
  /** By the row number's upper bits. */
  readonly #blocks = new Map<number, RowBlock>();
  #size = 0;
  #sorted: number[] | null = null;

  static of(rows: Iterable<number>): RowSet {
    const set = new RowSet();
    for (const row of rows) set.add(row);
    return set;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns whether the row is new @throws RangeError when it is no row number */
  add(row: number): boolean {
    if (!Number.isSafeInteger(row) || row < 0) throw new RangeError(`${row} is no row number`);
    const added = this.#blockAt(Math.floor(row / BLOCK_ROWS)).add(row % BLOCK_ROWS);
    if (added) this.#size += 1;
    return added;
  }

  addAll(other: RowSet): void {
    other.forEach((row) => this.add(row));
  }

  /** The rows that are here and not there. */
  minus(other: RowSet): RowSet {
    const left = new RowSet();
    this.forEach((row) => {
      if (!other.has(row)) left.add(row);
    });
    return left;
  }

  /** Takes over a block of rows; its place must be free. */
  adopt(place: number, block: RowBlock): void {
    if (this.#blocks.has(place)) throw new RangeError(`the block ${place} is there twice`);
    this.#blocks.set(place, block);
    this.#sorted = null;
    this.#size += block.size;
  }

  has(row: number): boolean {
    return this.#blocks.get(Math.floor(row / BLOCK_ROWS))?.has(row % BLOCK_ROWS) === true;
  }

  /** Calls for each row in ascending order. */
  forEach(visit: (row: number) => void): void {
    for (const place of this.places()) {
      const base = place * BLOCK_ROWS;
      this.#blocks.get(place)?.forEach((row) => visit(base + row));
    }
  }

  /** Upper bits of the rows, ascending. */
  places(): readonly number[] {
    this.#sorted ??= [...this.#blocks.keys()].sort((left, right) => left - right);
    return this.#sorted;
  }

  blockOf(place: number): RowBlock {
    const block = this.#blocks.get(place);
    if (block === undefined) throw new RangeError(`no rows at ${place}`);
    return block;
  }

  /**
   * One bit per row of a file of `rows` rows, the first row in the highest bit of the first byte; rows beyond are left
   * out. Engines test such a string without a join.
   */
  toBits(rows: number): Uint8Array {
    const bits = new Uint8Array(Math.ceil(rows / 8));
    this.forEach((row) => {
      if (row < rows) bits[row >>> 3] = (bits[row >>> 3] as number) | (0x80 >> (row & 7));
    });
    return bits;
  }

  #blockAt(place: number): RowBlock {
    let block = this.#blocks.get(place);
    if (block === undefined) {
      block = new RowBlock();
      this.#blocks.set(place, block);
      this.#sorted = null;
    }
    return block;
  }
}
