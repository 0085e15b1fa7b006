import { Fault } from './fault.ts';

export const MICROS_PER_SECOND = 1_000_000n;
export const MICROS_PER_DAY = 86_400_000_000n;

export interface Civil {
  /** Astronomical: 0 is 1 BC. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function civilOf(days: number): Civil {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}

/** Whole days before the instant, and the microseconds of its day. */
export function splitMicros(micros: bigint): { days: number; ofDay: bigint } {
  let days = micros / MICROS_PER_DAY;
  let ofDay = micros % MICROS_PER_DAY;
  if (ofDay < 0n) {
    ofDay += MICROS_PER_DAY;
    days -= 1n;
  }
  return { days: Number(days), ofDay };
}

export function formatDate(days: number): string {
  const { year, month, day } = civilOf(days);
  const shown = year <= 0 ? 1 - year : year;
  return `${String(shown).padStart(4, '0')}-${two(month)}-${two(day)}${year <= 0 ? ' BC' : ''}`;
}

export function formatTime(ofDay: bigint): string {
  const seconds = Number(ofDay / MICROS_PER_SECOND);
  const micros = Number(ofDay % MICROS_PER_SECOND);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return micros === 0 ? clock : `${clock}.${String(micros).padStart(6, '0').replace(/0+$/, '')}`;
}

/** As Postgres prints it in UTC; `zone` is appended before an era. */
export function formatTimestamp(micros: bigint, zone: '' | '+00'): string {
  const { days, ofDay } = splitMicros(micros);
  const date = formatDate(days);
  const era = date.endsWith(' BC') ? ' BC' : '';
  return `${era ? date.slice(0, -3) : date} ${formatTime(ofDay)}${zone}${era}`;
}

const DATE_TEXT = /^(\d{4,6})-(\d{1,2})-(\d{1,2})( BC)?$/;
const TIME_TEXT = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?$/;
const TIMESTAMP_TEXT =
  /^(\d{4,6}-\d{1,2}-\d{1,2})(?:[T ](\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?( BC)?$/i;

/** @throws Fault when the text is no calendar date of the form YYYY-MM-DD */
export function parseDate(text: string): number {
  const match = DATE_TEXT.exec(text.trim());
  if (!match) throw new Fault('not a date of the form YYYY-MM-DD');
  const [, year, month, day, era] = match;
  const civil = { year: era ? 1 - Number(year) : Number(year), month: Number(month), day: Number(day) };
  const days = daysOf(civil.year, civil.month, civil.day);
  const back = civil.month >= 1 && civil.month <= 12 ? civilOf(days) : null;
  if (back?.day !== civil.day || back.month !== civil.month) throw new Fault('no such day in the calendar');
  return days;
}

/** Microseconds of the day. @throws Fault when the text is no time of the form HH:MM[:SS[.ffffff]] */
export function parseTime(text: string): bigint {
  const match = TIME_TEXT.exec(text.trim());
  if (!match) throw new Fault('not a time of the form HH:MM:SS');
  const [, hour, minute, second = '0', fraction = ''] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw new Fault('no such time of day');
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return BigInt(seconds) * MICROS_PER_SECOND + BigInt(fraction.padEnd(6, '0'));
}

/** Microseconds since 1970; without a zone the text is taken as UTC. @throws Fault when it is no timestamp */
export function parseTimestamp(text: string, zoned: boolean): bigint {
  const match = TIMESTAMP_TEXT.exec(text.trim());
  if (!match) throw new Fault('not a timestamp of the form YYYY-MM-DD HH:MM:SS');
  const [, date = '', time = '00:00', zone, era = ''] = match;
  const local = BigInt(parseDate(date + era.toUpperCase())) * MICROS_PER_DAY + parseTime(time);
  return zoned && zone ? local - offsetMicros(zone) : local;
}

function offsetMicros(zone: string): bigint {
  if (/^z$/i.test(zone)) return 0n;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0');
  return BigInt(zone.startsWith('-') ? -minutes : minutes) * 60n * MICROS_PER_SECOND;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
