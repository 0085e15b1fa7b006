import type { AvroBuffer } from '@hasivu/change-events';

import { EXACT, UNREPRESENTABLE, type ColumnEncoder, type EncodeOutcome } from './column-encoder.ts';
import { DECIMAL_LIMBS, multiplyAdd, writeLargeDecimal, writeSmallDecimal } from './decimal-bytes.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/**
 * `numeric(p,s)` with p ≤ 38: the unscaled integer as the shortest big-endian two's complement (Avro decimal).
 * NaN and the infinities have no decimal: {@link UNREPRESENTABLE}.
 */
export function decimalTextEncoder(scale: number): ColumnEncoder {
  const limbs = new Uint32Array(DECIMAL_LIMBS);
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
    return encodeLarge(src, start, end, negative, scale, new Uint32Array(DECIMAL_LIMBS), out);
  }
  const signed = negative ? -value : value;
  writeSmallDecimal(signed, out);
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
      multiplyAdd(limbs, 10, c - ZERO);
      if (fraction >= 0) fraction++;
    }
  }
  for (let have = Math.max(fraction, 0); have < scale; have++) multiplyAdd(limbs, 10, 0);
  writeLargeDecimal(limbs, negative, out);
  return EXACT;
}
