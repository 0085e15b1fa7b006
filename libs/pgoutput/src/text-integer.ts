import type { AvroBuffer } from '@hasivu/change-events';

import { EXACT, type EncodeOutcome } from './column-encoder.ts';

const MINUS = 0x2d;
const ZERO = 0x30;
const TWO_32 = 4294967296;

/** `int2`, `int4`: decimal ASCII to an Avro int. */
export function encodeInt32Text(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  out.writeInt(parseSmallInteger(src, start, end));
  return EXACT;
}

/** `int8`, `oid`: decimal ASCII to an Avro long, exact over all 64 bits without a BigInt. */
export function encodeInt64Text(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  if (end - start <= 15) {
    out.writeLong(parseSmallInteger(src, start, end));
    return EXACT;
  }
  const negative = src[start] === MINUS;
  let hi = 0;
  let lo = 0;
  for (let i = negative ? start + 1 : start; i < end; i++) {
    const next = lo * 10 + (src[i] as number) - ZERO;
    const carry = Math.floor(next / TWO_32);
    lo = next - carry * TWO_32;
    hi = hi * 10 + carry;
  }
  if (!negative) out.writeLongHalves(hi | 0, lo);
  else if (lo === 0) out.writeLongHalves(-hi | 0, 0);
  else out.writeLongHalves(~hi | 0, TWO_32 - lo);
  return EXACT;
}

/** At most 15 characters, so that every step stays an exact double. */
export function parseSmallInteger(src: Buffer, start: number, end: number): number {
  const negative = src[start] === MINUS;
  let value = 0;
  for (let i = negative ? start + 1 : start; i < end; i++) value = value * 10 + (src[i] as number) - ZERO;
  return negative ? -value : value;
}
