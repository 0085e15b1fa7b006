const WORD = 32;

/** Writes `count` values (a multiple of 8) of `width` bits each, the lowest bit first; returns where the bytes end. */
export function packBits(
  values: Uint32Array | Uint8Array,
  from: number,
  count: number,
  width: number,
  out: Uint8Array,
  start: number,
): number {
  let at = start;
  let bits = 0;
  let filled = 0;
  for (let i = from; i < from + count; i++) {
    const value = values[i] as number;
    bits |= value << filled;
    filled += width;
    if (filled < WORD) {
      while (filled >= 8) {
        out[at++] = bits & 255;
        bits >>>= 8;
        filled -= 8;
      }
      continue;
    }
    out[at] = bits & 255;
    out[at + 1] = (bits >>> 8) & 255;
    out[at + 2] = (bits >>> 16) & 255;
    out[at + 3] = bits >>> 24;
    at += 4;
    filled -= WORD;
    bits = filled === 0 ? 0 : value >>> (width - filled);
  }
  for (; filled > 0; filled -= 8, bits >>>= 8) out[at++] = bits & 255;
  return at;
}
