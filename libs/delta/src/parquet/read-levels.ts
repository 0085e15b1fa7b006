import { byteAt, unpackBits } from './unpack-bits.ts';

/**
 * Decodes `count` values of Parquet's RLE/bit-packed hybrid, which holds levels and dictionary indices.
 * @param width bits per value, 0 to 32 @returns where the encoded values end
 */
export function readHybrid(
  bytes: Buffer,
  start: number,
  width: number,
  out: Uint8Array | Uint32Array,
  outStart: number,
  count: number,
): number {
  let at = start;
  let filled = outStart;
  const end = outStart + count;
  if (width === 0) {
    out.fill(0, outStart, end);
    return at;
  }
  while (filled < end) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = byteAt(bytes, at++);
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if ((header & 1) === 0) {
      let value = 0;
      for (let b = 0; b < width; b += 8) value += byteAt(bytes, at++) * 2 ** b;
      const runEnd = Math.min(end, filled + (header >>> 1));
      out.fill(value, filled, runEnd);
      filled = runEnd;
    } else {
      const packedBytes = (header >>> 1) * width;
      const runEnd = Math.min(end, filled + (header >>> 1) * 8);
      unpackBits(bytes, at, width, out, filled, runEnd);
      at += packedBytes;
      filled = runEnd;
    }
  }
  return at;
}
