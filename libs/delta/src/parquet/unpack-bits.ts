/** Reads values of `width` bits each, the lowest bit first, into `out[from, to)`: what {@link packBits} writes. */
export function unpackBits(
  bytes: Buffer,
  start: number,
  width: number,
  out: Uint8Array | Uint32Array | Float64Array,
  from: number,
  to: number,
): void {
  let at = start;
  let bits = 0;
  let held = 0;
  const size = 2 ** width;
  for (let index = from; index < to; index += 1) {
    while (held < width) {
      bits += byteAt(bytes, at++) * 2 ** held;
      held += 8;
    }
    out[index] = bits % size;
    bits = Math.floor(bits / size);
    held -= width;
  }
}

export function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError('encoded values go on after the end of their page');
  return byte;
}
