/** Bits that a level up to `max` takes. */
export function bitWidthOf(max: number): number {
  return 32 - Math.clz32(max);
}

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

/** The hybrid without its length; values of at most 32 bits. */
export function encodeHybrid(
  values: Uint8Array | Uint16Array | Uint32Array,
  count: number,
  width: number,
): Buffer {
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
    let bits = 0;
    let filled = 0;
    for (let i = from; i < from + groups * 8; i++) {
      bits += (i < to ? (values[i] as number) : 0) * 2 ** filled;
      filled += width;
      while (filled >= 8) {
        out[at++] = bits % 256;
        bits = Math.floor(bits / 256);
        filled -= 8;
      }
    }
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
