import { packBits } from './pack-bits.ts';

/** Values of a block, and of each of its miniblocks: what every writer uses. */
const BLOCK = 128;
const MINIBLOCK = 32;
const MINIBLOCKS = BLOCK / MINIBLOCK;
const WORST_BYTES_PER_VALUE = 4;
const TWO_32 = 4294967296;
/** Numbers below it, and their differences below it, stay exact through zigzag. */
const LARGEST = 2 ** 52;

const deltas = new Float64Array(BLOCK);
const packed = new Uint32Array(BLOCK);
/** Where pages are packed, one at a time. A buffer for each would be half of what the collector has to free. */
let scratch = Buffer.from(new ArrayBuffer(4096));

/**
 * A page of INT32 values as Parquet's DELTA_BINARY_PACKED, good until the next is packed; null where that is no smaller
 * than 3/4 of PLAIN.
 */
export function packInt32(values: Int32Array, count: number): Buffer | null {
  if (count < 2) return null;
  const packer = new Packer(count, values[0] as number);
  let last = values[0] as number;
  for (let at = 1; at < count; at += BLOCK) {
    const block = Math.min(BLOCK, count - at);
    let min = Infinity;
    for (let i = 0; i < block; i++) {
      const value = values[at + i] as number;
      // Wraps around as readers do: a difference of two 32-bit numbers may take 33 bits.
      const delta = (value - last) | 0;
      last = value;
      deltas[i] = delta;
      if (delta < min) min = delta;
    }
    if (!packer.block(block, min)) return null;
  }
  return packer.end(count * 3);
}

/** The same for INT64 values in pairs of lower and upper halves; null also where one is not an exact number. */
export function packInt64(halves: Int32Array, count: number): Buffer | null {
  if (count < 2) return null;
  let last = numberAt(halves, 0);
  if (Math.abs(last) >= LARGEST) return null;
  const packer = new Packer(count, last);
  for (let at = 1; at < count; at += BLOCK) {
    const block = Math.min(BLOCK, count - at);
    let min = Infinity;
    for (let i = 0; i < block; i++) {
      const value = numberAt(halves, at + i);
      const delta = value - last;
      if (Math.abs(value) >= LARGEST || Math.abs(delta) >= LARGEST) return null;
      last = value;
      deltas[i] = delta;
      if (delta < min) min = delta;
    }
    if (!packer.block(block, min)) return null;
  }
  return packer.end(count * 6);
}

function numberAt(halves: Int32Array, index: number): number {
  return (halves[index * 2 + 1] as number) * TWO_32 + ((halves[index * 2] as number) >>> 0);
}

class Packer {
  readonly #out: Buffer;
  #at = 0;

  constructor(count: number, first: number) {
    const blocks = Math.ceil(count / BLOCK);
    const worstBytes = 40 + blocks * (20 + BLOCK * WORST_BYTES_PER_VALUE);
    if (scratch.length < worstBytes) scratch = Buffer.from(new ArrayBuffer(worstBytes));
    this.#out = scratch;
    this.#varint(BLOCK);
    this.#varint(MINIBLOCKS);
    this.#varint(count);
    this.#zigzag(first);
  }

  /** Writes the first `count` of the differences; false when one takes too many bits. */
  block(count: number, min: number): boolean {
    this.#zigzag(min);
    const widthsAt = this.#at;
    this.#at += MINIBLOCKS;
    const out = this.#out;
    for (let mini = 0; mini < MINIBLOCKS; mini++) {
      const from = mini * MINIBLOCK;
      const to = Math.min(from + MINIBLOCK, count);
      let max = 0;
      for (let i = from; i < to; i++) {
        const above = (deltas[i] as number) - min;
        if (above > max) max = above;
        packed[i] = above;
      }
      if (max >= TWO_32) return false;
      const width = 32 - Math.clz32(max);
      // Miniblocks behind the last value have a width and no bytes.
      out[widthsAt + mini] = from < count ? width : 0;
      if (from >= count || width === 0) continue;
      for (let i = Math.max(from, to); i < from + MINIBLOCK; i++) packed[i] = 0;
      this.#at = packBits(packed, from, MINIBLOCK, width, out, this.#at);
    }
    return true;
  }

  end(worthBytes: number): Buffer | null {
    return this.#at <= worthBytes ? this.#out.subarray(0, this.#at) : null;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#out[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#out[this.#at++] = rest;
  }

  // Twice a number of up to 2^53 is exact.
  #zigzag(value: number): void {
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value);
  }
}
