import type { AvroBuffer } from '@hasivu/change-events';

const TWO_32 = 4294967296;
/** 38 decimal digits need 127 bits. */
export const DECIMAL_LIMBS = 4;

/** An unscaled integer up to 2^53 in size as the shortest big-endian two's complement (Avro decimal). */
export function writeSmallDecimal(signed: number, out: AvroBuffer): void {
  let length = 1;
  for (let bound = 128; length < 8 && (signed >= bound || signed < -bound); bound *= 256) length++;
  out.reserve(length + 1);
  const bytes = out.bytes;
  let pos = out.pos;
  bytes[pos++] = length * 2;
  const hi = Math.floor(signed / TWO_32);
  const lo = signed - hi * TWO_32;
  for (let i = length - 1; i >= 4; i--) bytes[pos++] = hi >> ((i - 4) * 8);
  for (let i = Math.min(length, 4) - 1; i >= 0; i--) bytes[pos++] = lo >>> (i * 8);
  out.pos = pos;
}

/** The same of a size in `limbs` (32 bits each, least first), which are changed. */
export function writeLargeDecimal(limbs: Uint32Array, negative: boolean, out: AvroBuffer): void {
  if (negative) negate(limbs);
  const top = negative ? 0xff : 0;
  let length = DECIMAL_LIMBS * 4;
  while (length > 1 && byteAt(limbs, length - 1) === top && byteAt(limbs, length - 2) >> 7 === top >> 7)
    length--;
  out.reserve(length + 1);
  const bytes = out.bytes;
  let pos = out.pos;
  bytes[pos++] = length * 2;
  for (let i = length - 1; i >= 0; i--) bytes[pos++] = byteAt(limbs, i);
  out.pos = pos;
}

/** `limbs = limbs * factor + addend`. */
export function multiplyAdd(limbs: Uint32Array, factor: number, addend: number): void {
  let carry = addend;
  for (let i = 0; i < DECIMAL_LIMBS; i++) {
    const next = (limbs[i] as number) * factor + carry;
    carry = Math.floor(next / TWO_32);
    limbs[i] = next - carry * TWO_32;
  }
}

function byteAt(limbs: Uint32Array, index: number): number {
  return ((limbs[index >> 2] as number) >>> ((index & 3) * 8)) & 255;
}

function negate(limbs: Uint32Array): void {
  let carry = 1;
  for (let i = 0; i < DECIMAL_LIMBS; i++) {
    const next = (~(limbs[i] as number) >>> 0) + carry;
    limbs[i] = next >>> 0;
    carry = next >= TWO_32 ? 1 : 0;
  }
}
