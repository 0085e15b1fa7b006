import { giveBack, takeBuffer } from './buffer-pool.ts';

/** Values after which a dictionary has to have paid: more different ones than this share, and it is given up. */
const TRIAL_VALUES = 1024;
const TRIAL_SHARE = 0.5;
const MAX_ENTRIES = 1 << 15;
const MAX_BYTES = 256 << 10;
/** Of each of its three buffers: most columns of most files have few values, and a sink holds thousands of columns open. */
const FIRST_BYTES = 512;
/** Longer values are seldom repeated, and cost more to compare. */
const MAX_LENGTH = 256;

/** The different values of a byte array column, PLAIN-encoded in the order of their first appearance. */
export class ByteDictionary {
  #bytes = takeBuffer(FIRST_BYTES);
  /** Bytes in use. */
  used = 0;
  /** Where each entry's bytes begin. */
  #starts = takeNumbers(FIRST_BYTES);
  /** Open addressing: number of an entry plus one; 0 is free. */
  #slots = takeNumbers(FIRST_BYTES).fill(0);
  entries = 0;
  #asked = 0;
  /** Entry asked for last: many columns say the same for rows on end. */
  #last = -1;

  /** PLAIN-encoded entries, one behind the other. */
  get bytes(): Buffer<ArrayBuffer> {
    return this.#bytes;
  }

  get heldBytes(): number {
    return this.#bytes.length + this.#starts.byteLength + this.#slots.byteLength;
  }

  /**
   * Number of the value `source[start, end)`, which is one above the others when it is new; -1 when the dictionary does
   * not pay or is full, and then for every later value too.
   */
  indexOf(source: Buffer, start: number, end: number): number {
    const length = end - start;
    if (length > MAX_LENGTH) return -1;
    this.#asked += 1;
    if (this.#last >= 0 && this.#equals(this.#last, source, start, length)) return this.#last;
    return (this.#last = this.#lookUp(source, start, end));
  }

  #lookUp(source: Buffer, start: number, end: number): number {
    const length = end - start;
    const hash = hashOf(source, start, end);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (slots[slot] as number) - 1;
      if (entry < 0) return this.#add(source, start, end, slot);
      if (this.#equals(entry, source, start, length)) return entry;
    }
  }

  /** Hands its memory back. */
  release(): void {
    giveBack(this.#bytes);
    giveBackNumbers(this.#starts);
    giveBackNumbers(this.#slots);
  }

  /** Bounds of an entry's value in `bytes`. */
  startOf(entry: number): number {
    return this.#starts[entry] as number;
  }

  endOf(entry: number): number {
    return entry + 1 < this.entries ? this.startOf(entry + 1) - 4 : this.used;
  }

  #equals(entry: number, source: Buffer, start: number, length: number): boolean {
    const at = this.startOf(entry);
    if (this.endOf(entry) - at !== length) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== source[start + i]) return false;
    return true;
  }

  #add(source: Buffer, start: number, end: number, slot: number): number {
    const length = end - start;
    const fails =
      this.entries >= MAX_ENTRIES ||
      this.used + length > MAX_BYTES ||
      (this.#asked >= TRIAL_VALUES && this.entries >= this.#asked * TRIAL_SHARE);
    if (fails) return -1;
    this.#reserve(4 + length);
    this.#bytes.writeInt32LE(length, this.used);
    source.copy(this.#bytes, this.used + 4, start, end);
    if (this.entries === this.#starts.length) this.#growStarts();
    this.#starts[this.entries] = this.used + 4;
    this.used += 4 + length;
    this.#slots[slot] = ++this.entries;
    if (this.entries * 2 > this.#slots.length) this.#rehash();
    return this.entries - 1;
  }

  #reserve(more: number): void {
    if (this.used + more <= this.#bytes.length) return;
    const grown = takeBuffer(Math.max(this.#bytes.length * 2, this.used + more));
    this.#bytes.copy(grown, 0, 0, this.used);
    giveBack(this.#bytes);
    this.#bytes = grown;
  }

  #growStarts(): void {
    const grown = takeNumbers(this.#starts.byteLength * 2);
    grown.set(this.#starts);
    giveBackNumbers(this.#starts);
    this.#starts = grown;
  }

  #rehash(): void {
    const slots = takeNumbers(this.#slots.byteLength * 2).fill(0);
    const mask = slots.length - 1;
    const bytes = this.#bytes;
    for (let entry = 0; entry < this.entries; entry++) {
      let slot = hashOf(bytes, this.startOf(entry), this.endOf(entry)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    giveBackNumbers(this.#slots);
    this.#slots = slots;
  }
}

/** FNV-1a over 32 bits, its upper half folded in: slots are chosen by the lower bits. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

function takeNumbers(bytes: number): Int32Array<ArrayBuffer> {
  return new Int32Array(takeBuffer(bytes).buffer);
}

function giveBackNumbers(numbers: Int32Array<ArrayBuffer>): void {
  giveBack(Buffer.from(numbers.buffer));
}
