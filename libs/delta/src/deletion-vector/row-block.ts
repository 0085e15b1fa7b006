/** Rows that one block covers: the low 16 bits of a row number. */
export const BLOCK_ROWS = 65_536;
/** Above this many rows a bitmap is smaller than the list of them: the border that the Roaring format draws. */
export const MAX_LISTED = 4_096;
/** 32-bit words of a block's bitmap. */
export const BITMAP_WORDS = BLOCK_ROWS / 32;

/** A run of consecutive rows, both ends included. */
export interface RowRun {
  readonly first: number;
  readonly last: number;
}

/** A set of numbers below 65,536: a sorted list while there are few, one bit per number after that. */
export class RowBlock {
  #list = new Uint16Array(8);
  #bitmap: Uint32Array | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns whether the row is new */
  add(row: number): boolean {
    if (this.#bitmap !== null) return this.#setBit(this.#bitmap, row);
    const at = this.#placeOf(row);
    if (at < this.#size && this.#list[at] === row) return false;
    if (this.#size === MAX_LISTED) return this.#setBit(this.#toBitmap(), row);
    if (this.#size === this.#list.length) {
      const larger = new Uint16Array(Math.min(MAX_LISTED, this.#list.length * 2));
      larger.set(this.#list);
      this.#list = larger;
    }
    this.#list.copyWithin(at + 1, at, this.#size);
    this.#list[at] = row;
    this.#size += 1;
    return true;
  }

  addRun(first: number, last: number): void {
    for (let row = first; row <= last; row += 1) this.add(row);
  }

  has(row: number): boolean {
    if (this.#bitmap !== null) return ((this.#bitmap[row >>> 5] as number) & (1 << (row & 31))) !== 0;
    const at = this.#placeOf(row);
    return at < this.#size && this.#list[at] === row;
  }

  /** Calls for each row in ascending order. */
  forEach(visit: (row: number) => void): void {
    if (this.#bitmap === null) {
      for (let at = 0; at < this.#size; at += 1) visit(this.#list[at] as number);
      return;
    }
    for (let at = 0; at < BITMAP_WORDS; at += 1) {
      for (let word = this.#bitmap[at] as number; word !== 0; word &= word - 1)
        visit(at * 32 + 31 - Math.clz32(word & -word));
    }
  }

  runs(): RowRun[] {
    const runs: { first: number; last: number }[] = [];
    let open: { first: number; last: number } | undefined;
    this.forEach((row) => {
      if (open !== undefined && row === open.last + 1) open.last = row;
      else runs.push((open = { first: row, last: row }));
    });
    return runs;
  }

  /** @returns whether the row is new */
  #setBit(bitmap: Uint32Array, row: number): boolean {
    const bit = 1 << (row & 31);
    const word = bitmap[row >>> 5] as number;
    if ((word & bit) !== 0) return false;
    bitmap[row >>> 5] = word | bit;
    this.#size += 1;
    return true;
  }

  #toBitmap(): Uint32Array {
    const bitmap = new Uint32Array(BITMAP_WORDS);
    for (let at = 0; at < this.#size; at += 1) {
      const row = this.#list[at] as number;
      bitmap[row >>> 5] = (bitmap[row >>> 5] as number) | (1 << (row & 31));
    }
    this.#list = new Uint16Array(0);
    return (this.#bitmap = bitmap);
  }

  /** First place of the list that does not hold less than the row; rows mostly come in order. */
  #placeOf(row: number): number {
    let end = this.#size;
    if (end === 0 || (this.#list[end - 1] as number) < row) return end;
    let start = 0;
    while (start < end) {
      const middle = (start + end) >>> 1;
      if ((this.#list[middle] as number) < row) start = middle + 1;
      else end = middle;
    }
    return start;
  }
}
