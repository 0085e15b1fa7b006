import type { AvroBuffer } from '@hasivu/change-events';

import { MAX_DAY, MICROS_PER_SECOND, MIN_DAY, SECONDS_PER_DAY } from './calendar-limits.ts';
import { EXACT, INEXACT, type EncodeOutcome } from './column-encoder.ts';

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LETTER_I = 0x69;
const LETTER_C = 0x43;

const MAX_SECOND = MAX_DAY * SECONDS_PER_DAY + 86399;
// Beyond this many seconds, microseconds leave the exact doubles.
const EXACT_SECONDS = Math.floor(Number.MAX_SAFE_INTEGER / MICROS_PER_SECOND) - 1;
const MAX_INT64 = 2n ** 63n - 1n;

// Where the last parse stopped; module state, so that parsing returns numbers only and allocates nothing.
let at = 0;

/** `date` in ISO style, years beyond four digits and ` BC` included: days since 1970-01-01. */
export function encodeDateText(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  if (isInfinite(src, start)) {
    out.writeInt(src[start] === MINUS ? MIN_DAY : MAX_DAY);
    return INEXACT;
  }
  out.writeInt(parseDay(src, start, end));
  return EXACT;
}

/** `time`: microseconds since midnight; 24:00:00 is the end of the day and stays 86,400,000,000. */
export function encodeTimeText(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  const seconds = parseClock(src, start);
  out.writeLong(seconds * MICROS_PER_SECOND + parseMicros(src, at, end));
  return EXACT;
}

/** `timestamp`, `timestamptz` in ISO style: microseconds since 1970-01-01T00:00:00, of UTC where an offset follows. */
export function encodeTimestampText(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  if (isInfinite(src, start)) {
    if (src[start] === MINUS) writeMicros(MIN_DAY * SECONDS_PER_DAY, 0, out);
    else writeMicros(MAX_SECOND, 999999, out);
    return INEXACT;
  }
  const day = parseDay(src, start, end);
  const clock = parseClock(src, at + 1);
  const micros = parseMicros(src, at, end);
  const seconds = day * SECONDS_PER_DAY + clock - parseOffset(src, at, end);
  return writeMicros(seconds, micros, out);
}

function isInfinite(src: Buffer, start: number): boolean {
  return src[start] === LETTER_I || src[start + 1] === LETTER_I;
}

function writeMicros(seconds: number, micros: number, out: AvroBuffer): EncodeOutcome {
  if (seconds < EXACT_SECONDS && seconds > -EXACT_SECONDS) {
    out.writeLong(seconds * MICROS_PER_SECOND + micros);
    return EXACT;
  }
  const wide = BigInt(seconds) * 1_000_000n + BigInt(micros);
  if (wide > MAX_INT64) {
    writeMicros(MAX_SECOND, 999999, out);
    return INEXACT;
  }
  out.writeLongBigInt(wide);
  return EXACT;
}

/** Leaves `at` behind the day of the month. */
function parseDay(src: Buffer, start: number, end: number): number {
  let pos = start;
  let year = 0;
  for (let c = src[pos] as number; c >= ZERO && c <= NINE; c = src[++pos] as number)
    year = year * 10 + c - ZERO;
  const month = twoDigits(src, pos + 1);
  const day = twoDigits(src, pos + 4);
  at = pos + 6;
  // "0044-03-15 BC": the last letter tells; year 1 BC is year 0 of the arithmetic.
  if (src[end - 1] === LETTER_C) year = 1 - year;
  return daysFromCivil(year, month, day);
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = ((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear + day - 1;
  return era * 146097 + dayOfEra - 719468;
}

/** Seconds of `HH:MM:SS`; leaves `at` behind them. */
function parseClock(src: Buffer, start: number): number {
  at = start + 8;
  return twoDigits(src, start) * 3600 + twoDigits(src, start + 3) * 60 + twoDigits(src, start + 6);
}

/** Microseconds of an optional `.ffffff`; leaves `at` behind it. */
function parseMicros(src: Buffer, start: number, end: number): number {
  if (start >= end || src[start] !== 0x2e) return 0;
  let value = 0;
  let unit = 100000;
  let pos = start + 1;
  for (; pos < end; pos++) {
    const c = src[pos] as number;
    if (c < ZERO || c > NINE) break;
    value += (c - ZERO) * unit;
    unit /= 10;
  }
  at = pos;
  return value;
}

/** Seconds east of UTC of an optional `+HH[:MM[:SS]]`. */
function parseOffset(src: Buffer, start: number, end: number): number {
  const sign = src[start];
  if (start >= end || (sign !== 0x2b && sign !== MINUS)) return 0;
  let seconds = twoDigits(src, start + 1) * 3600;
  if (src[start + 3] === COLON && start + 3 < end) seconds += twoDigits(src, start + 4) * 60;
  if (src[start + 6] === COLON && start + 6 < end) seconds += twoDigits(src, start + 7);
  return sign === MINUS ? -seconds : seconds;
}

function twoDigits(src: Buffer, pos: number): number {
  return ((src[pos] as number) - ZERO) * 10 + (src[pos + 1] as number) - ZERO;
}
