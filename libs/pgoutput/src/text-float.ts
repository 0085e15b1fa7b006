import type { AvroBuffer } from '@hasivu/change-events';

import { EXACT, type EncodeOutcome } from './column-encoder.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
// Up to here a power of ten is an exact double, so one division or multiplication rounds once and correctly.
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

export function encodeFloat32Text(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  out.writeFloat(parseFloatText(src, start, end));
  return EXACT;
}

export function encodeFloat64Text(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  out.writeDouble(parseFloatText(src, start, end));
  return EXACT;
}

/** Shortest-precise output of `float4` and `float8`, `NaN` and the infinities included. */
export function parseFloatText(src: Buffer, start: number, end: number): number {
  if (end - start > 17) return Number(src.toString('latin1', start, end));
  const negative = src[start] === MINUS;
  let digits = 0;
  let scale = 0;
  let afterPoint = false;
  for (let i = negative ? start + 1 : start; i < end; i++) {
    const c = src[i] as number;
    if (c >= ZERO && c <= NINE) {
      digits = digits * 10 + c - ZERO;
      if (afterPoint) scale++;
    } else if (c === POINT) {
      afterPoint = true;
    } else {
      return Number(src.toString('latin1', start, end));
    }
  }
  if (digits > Number.MAX_SAFE_INTEGER) return Number(src.toString('latin1', start, end));
  const value = scale === 0 ? digits : digits / (POWERS[scale] as number);
  return negative ? -value : value;
}
