import type { AvroBuffer } from '@hasivu/change-events';

import { int32At } from './int32-at.ts';
import { MAX_DAY, MAX_MICROS, MIN_DAY, MIN_MICROS } from './calendar-limits.ts';
import { EXACT, INEXACT, type EncodeOutcome } from './column-encoder.ts';

/** Days between 1970-01-01 and Postgres' epoch, 2000-01-01. */
const EPOCH_DAYS = 10957;
/** The same in microseconds, as the halves of a 64-bit number. */
const EPOCH_MICROS_HI = 220417;
const EPOCH_MICROS_LO = 993517568;
const TWO_32 = 4294967296;
const MAX_INT32 = 0x7fffffff;
const MIN_INT32 = -0x80000000;

/** `date`: days since 2000-01-01 to days since 1970-01-01. */
export function encodeDateBinary(src: Buffer, start: number, _end: number, out: AvroBuffer): EncodeOutcome {
  const day = int32At(src, start);
  if (day === MAX_INT32 || day === MIN_INT32) {
    out.writeInt(day < 0 ? MIN_DAY : MAX_DAY);
    return INEXACT;
  }
  out.writeInt(day + EPOCH_DAYS);
  return EXACT;
}

/** `timestamp`, `timestamptz`: microseconds since 2000-01-01 to microseconds since 1970-01-01, by halves. */
export function encodeTimestampBinary(
  src: Buffer,
  start: number,
  _end: number,
  out: AvroBuffer,
): EncodeOutcome {
  const hi = int32At(src, start);
  const lo = int32At(src, start + 4) >>> 0;
  if (hi === MIN_INT32 && lo === 0) {
    out.writeLongBigInt(MIN_MICROS);
    return INEXACT;
  }
  const low = lo + EPOCH_MICROS_LO;
  const carry = low >= TWO_32 ? 1 : 0;
  const high = hi + EPOCH_MICROS_HI + carry;
  // `infinity`, the largest number, and the years that the earlier epoch pushes out of 64 bits.
  if (high > MAX_INT32) {
    out.writeLongBigInt(MAX_MICROS);
    return INEXACT;
  }
  out.writeLongHalves(high, low - carry * TWO_32);
  return EXACT;
}
