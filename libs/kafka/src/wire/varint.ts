/** Zigzag varints as Kafka's record format uses them. Values stay in the safe integer range; no bigint is made. */

/** Bytes that `writeVarint` needs for a 32-bit signed value. */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  if (zigzag < 0x10000000) return 4;
  return 5;
}

/** Writes a 32-bit signed value and returns the offset after it. */
export function writeVarint(buffer: Buffer, offset: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = offset;
  while (zigzag > 0x7f) {
    buffer[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  buffer[at++] = zigzag;
  return at;
}

/** Bytes that `writeVarlong` needs for a safe integer (time deltas: up to 53 bits). */
export function varlongSize(value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return varintSize(value);
  let zigzag = value < 0 ? -value * 2 - 1 : value * 2;
  let size = 1;
  while (zigzag > 0x7f) {
    zigzag = Math.floor(zigzag / 128);
    size++;
  }
  return size;
}

/** Writes a safe integer and returns the offset after it. */
export function writeVarlong(buffer: Buffer, offset: number, value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return writeVarint(buffer, offset, value);
  let zigzag = value < 0 ? -value * 2 - 1 : value * 2;
  let at = offset;
  while (zigzag > 0x7f) {
    buffer[at++] = (zigzag % 128) | 0x80;
    zigzag = Math.floor(zigzag / 128);
  }
  buffer[at++] = zigzag;
  return at;
}
