import { packBits } from './pack-bits.ts';

/** Bits that a level up to `max` takes. */
export function bitWidthOf(max: number): number {
  return 32 - Math.clz32(max);
}

const lastGroup = new Uint32Array(8);

/**
 * Definition or repetition levels in Parquet's RLE/bit-packed hybrid, with the four length bytes of a v1 data page.
 * Runs of 8 equal levels or more become RLE; the rest is bit-packed in groups of 8.
 */
export function encodeLevels(levels: Uint8Array, count: number, max: number): Buffer {
  const width = bitWidthOf(max);
  const body = encodeHybrid(levels, count, width);
  const out = Buffer.allocUnsafe(4 + body.length);
  out.writeUInt32LE(body.length, 0);
  body.copy(out, 4);
  return out;
}

/** The same of `count` equal levels. */
export function encodeConstantLevels(count: number, level: number): Buffer {
  const run: number[] = [];
  let rest = count * 2;
  for (; rest > 127; rest = Math.floor(rest / 128)) run.push((rest % 128) | 128);
  run.push(rest, level);
  const out = Buffer.allocUnsafe(4 + run.length);
  out.writeUInt32LE(run.length, 0);
  out.set(run, 4);
  return out;
}

/** The hybrid without its length; values of at most 32 bits. */
export function encodeHybrid(values: Uint8Array | Uint32Array, count: number, width: number): Buffer {
  const out = Buffer.allocUnsafe(Math.ceil((count * width) / 8) + 16 + (count >> 3) * 5 + width);
  let at = 0;
  let packedFrom = 0;
  const varint = (value: number): void => {
    let rest = value;
    while (rest > 127) {
      out[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    out[at++] = rest;
  };
  const pack = (from: number, to: number): void => {
    if (from === to) return;
    const groups = Math.ceil((to - from) / 8);
    varint((groups << 1) | 1);
    const whole = (to - from) & ~7;
    at = packBits(values, from, whole, width, out, at);
    if (whole === to - from) return;
    lastGroup.fill(0);
    for (let i = from + whole; i < to; i++) lastGroup[i - from - whole] = values[i] as number;
    at = packBits(lastGroup, 0, 8, width, out, at);
  };
  let i = 0;
  while (i < count) {
    const value = values[i] as number;
    let end = i + 1;
    while (end < count && values[end] === value) end++;
    // A bit-packed run before an RLE run must hold whole groups of 8: borrow from the equal values.
    const borrow = (8 - ((i - packedFrom) & 7)) & 7;
    if (end - i - borrow >= 8) {
      pack(packedFrom, i + borrow);
      varint((end - i - borrow) << 1);
      for (let rest = value, b = 0; b < width; b += 8, rest >>>= 8) out[at++] = rest & 255;
      packedFrom = end;
    }
    i = end;
  }
  pack(packedFrom, count);
  return out.subarray(0, at);
}
