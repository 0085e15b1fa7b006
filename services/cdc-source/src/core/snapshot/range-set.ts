/** A set of range numbers below `size`, as bits: a table of a million ranges takes 170 KB of a record. */
export class RangeSet {
  readonly size: number;
  readonly #bits: Buffer;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#bits = Buffer.alloc(Math.ceil(size / 8));
  }

  /** @throws RangeError when the text is not a set of that size */
  static parse(size: number, text: string): RangeSet {
    const set = new RangeSet(size);
    const bits = Buffer.from(text, 'base64');
    if (bits.length !== set.#bits.length) throw new RangeError(`not a set of ${size} ranges`);
    for (let i = 0; i < size; i++) if (((bits[i >> 3] as number) & (1 << (i & 7))) !== 0) set.add(i);
    return set;
  }

  serialize(): string {
    return this.#bits.toString('base64');
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  has(range: number): boolean {
    return ((this.#bits[range >> 3] as number) & (1 << (range & 7))) !== 0;
  }

  add(range: number): void {
    if (range < 0 || range >= this.size) throw new RangeError(`range ${range} of ${this.size}`);
    if (this.has(range)) return;
    this.#bits[range >> 3] = (this.#bits[range >> 3] as number) | (1 << (range & 7));
    this.#count++;
  }

  addAll(other: RangeSet): void {
    for (let i = 0; i < other.size; i++) if (other.has(i)) this.add(i);
  }
}
