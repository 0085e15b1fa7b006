import type { AvroBuffer } from '@hasivu/change-events';

import { EXACT, UNREPRESENTABLE, type ColumnEncoder, type EncodeOutcome } from './column-encoder.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const TWO_32 = 4294967296;
// 38 decimal digits need 127 bits.
const LIMBS = 4;

/**
 * `numeric(p,s)` with p ≤ 38: the unscaled integer as the shortest big-endian two's complement (Avro decimal).
 * NaN and the infinities have no decimal: {@link UNREPRESENTABLE}.
 */
export function decimalTextEncoder(scale: number): ColumnEncoder {
  const limbs = new Uint32Array(LIMBS);
  return (src, start, end, out) => {
    const negative = src[start] === MINUS;
    const first = negative ? start + 1 : start;
    const leading = src[first] as number;
    if (leading < ZERO || leading > 0x39) return UNREPRESENTABLE;
    return end - first <= 15 && scale <= 15
      ? encodeSmall(src, first, end, negative, scale, out)
      : encodeLarge(src, first, end, negative, scale, limbs, out);
  };
}

function encodeSmall(
  src: Buffer,
  start: number,
  end: number,
  negative: boolean,
  scale: number,
  out: AvroBuffer,
): EncodeOutcome {
  let value = 0;
  let fraction = -1;
  for (let i = start; i < end; i++) {
    const c = src[i] as number;
    if (c === POINT) {
      fraction = 0;
    } else {
      value = value * 10 + c - ZERO;
      if (fraction >= 0) fraction++;
    }
  }
  for (let have = Math.max(fraction, 0); have < scale; have++) value *= 10;
  if (value > Number.MAX_SAFE_INTEGER) {
    return encodeLarge(src, start, end, negative, scale, new Uint32Array(LIMBS), out);
  }
  const signed = negative ? -value : value;
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
  return EXACT;
}

function encodeLarge(
  src: Buffer,
  start: number,
  end: number,
  negative: boolean,
  scale: number,
  limbs: Uint32Array,
  out: AvroBuffer,
): EncodeOutcome {
  limbs.fill(0);
  let fraction = -1;
  for (let i = start; i < end; i++) {
    const c = src[i] as number;
    if (c === POINT) {
      fraction = 0;
    } else {
      multiplyAdd(limbs, c - ZERO);
      if (fraction >= 0) fraction++;
    }
  }
  for (let have = Math.max(fraction, 0); have < scale; have++) multiplyAdd(limbs, 0);
  if (negative) negate(limbs);
  const top = negative ? 0xff : 0;
  let length = LIMBS * 4;
  while (length > 1 && byteAt(limbs, length - 1) === top && byteAt(limbs, length - 2) >> 7 === top >> 7)
    length--;
  out.reserve(length + 1);
  const bytes = out.bytes;
  let pos = out.pos;
  bytes[pos++] = length * 2;
  for (let i = length - 1; i >= 0; i--) bytes[pos++] = byteAt(limbs, i);
  out.pos = pos;
  return EXACT;
}

function byteAt(limbs: Uint32Array, index: number): number {
  return ((limbs[index >> 2] as number) >>> ((index & 3) * 8)) & 255;
}

function multiplyAdd(limbs: Uint32Array, digit: number): void {
  let carry = digit;
  for (let i = 0; i < LIMBS; i++) {
    const next = (limbs[i] as number) * 10 + carry;
    carry = Math.floor(next / TWO_32);
    limbs[i] = next - carry * TWO_32;
  }
}

function negate(limbs: Uint32Array): void {
  let carry = 1;
  for (let i = 0; i < LIMBS; i++) {
    const next = (~(limbs[i] as number) >>> 0) + carry;
    limbs[i] = next >>> 0;
    carry = next >= TWO_32 ? 1 : 0;
  }
}
