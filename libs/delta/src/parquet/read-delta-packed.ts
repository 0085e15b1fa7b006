import { byteAt, unpackBits } from './unpack-bits.ts';

/** Widest differences that are unpacked in exact numbers: with the bits held of the next one they stay below 2^53. */
const MAX_WIDTH = 45;

/**
 * Appends `count` values of a page in DELTA_BINARY_PACKED. @param bits 32 or 64; 64-bit values become numbers
 * @returns false when one of them is no exact number, and then what was appended is of no use
 */
export function readDeltaPacked(
  page: Buffer,
  start: number,
  bits: 32 | 64,
  count: number,
  out: unknown[],
): boolean {
  if (count === 0) return true;
  const cursor = new VarintCursor(page, start);
  const blockValues = cursor.varint();
  const miniblocks = cursor.varint();
  cursor.varint();
  const perMiniblock = blockValues / miniblocks;
  if (!Number.isSafeInteger(perMiniblock) || perMiniblock < 8) throw new RangeError('no delta blocks');
  const deltas = new Float64Array(perMiniblock);
  let last = cursor.zigzag();
  if (!Number.isSafeInteger(last)) return false;
  out.push(last);
  for (let left = count - 1; left > 0;) {
    const min = cursor.zigzag();
    const widthsAt = cursor.at;
    cursor.at += miniblocks;
    for (let mini = 0; mini < miniblocks && left > 0; mini += 1) {
      const width = byteAt(page, widthsAt + mini);
      if (width > MAX_WIDTH) return false;
      const values = Math.min(perMiniblock, left);
      unpackBits(page, cursor.at, width, deltas, 0, values);
      cursor.at += (perMiniblock * width) / 8;
      for (let i = 0; i < values; i += 1) {
        const next = last + min + (deltas[i] as number);
        // A difference of two 32-bit numbers may have wrapped around.
        last = bits === 32 ? next | 0 : next;
        if (!Number.isSafeInteger(next)) return false;
        out.push(last);
      }
      left -= values;
    }
  }
  return true;
}

class VarintCursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Above 2^53 no exact number, and told as one that is none. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = byteAt(this.#bytes, this.at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  zigzag(): number {
    const raw = this.varint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }
}
