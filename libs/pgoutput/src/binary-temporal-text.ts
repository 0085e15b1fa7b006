import { padded, type BinaryText } from './binary-text.ts';

const DAY_MICROS = 86_400_000_000n;
const HOUR_MICROS = 3_600_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT32 = 2 ** 31 - 1;
const MIN_INT32 = -(2 ** 31);
/** Days from the civil algorithm's origin (0000-03-01) to Postgres' (2000-01-01). */
const ORIGIN_DAYS = 730425;

/** `date`: days since 2000-01-01. */
export const textOfDate: BinaryText = (src, start) => {
  const day = src.readInt32BE(start);
  if (day === MAX_INT32) return 'infinity';
  if (day === MIN_INT32) return '-infinity';
  const { text, before } = civil(day);
  return text + before;
};

/** `timestamp`: microseconds since 2000-01-01. */
export const textOfTimestamp: BinaryText = (src, start) => instant(src.readBigInt64BE(start), '');

/** `timestamptz`, in UTC. */
export const textOfTimestamptz: BinaryText = (src, start) => instant(src.readBigInt64BE(start), '+00');

/** `time`: microseconds since midnight. */
export const textOfTime: BinaryText = (src, start) => clock(src.readBigInt64BE(start));

/** `timetz`: microseconds since midnight, then seconds west of UTC. */
export const textOfTimetz: BinaryText = (src, start) => {
  const west = src.readInt32BE(start + 8);
  const size = Math.abs(west);
  const seconds = size % 60;
  const minutes = Math.floor(size / 60) % 60;
  let zone = (west > 0 ? '-' : '+') + padded(Math.floor(size / 3600), 2);
  if (minutes !== 0 || seconds !== 0) zone += `:${padded(minutes, 2)}`;
  if (seconds !== 0) zone += `:${padded(seconds, 2)}`;
  return clock(src.readBigInt64BE(start)) + zone;
};

/** `interval`, style postgres: microseconds, days, months. */
export const textOfInterval: BinaryText = (src, start) => {
  const micros = src.readBigInt64BE(start);
  const days = src.readInt32BE(start + 8);
  const months = src.readInt32BE(start + 12);
  if (micros === MAX_INT64 && days === MAX_INT32 && months === MAX_INT32) return 'infinity';
  if (micros === MIN_INT64 && days === MIN_INT32 && months === MIN_INT32) return '-infinity';
  let text = '';
  let afterNegative = false;
  const part = (value: number, unit: string): void => {
    if (value === 0) return;
    if (text !== '') text += ' ';
    text += `${afterNegative && value > 0 ? '+' : ''}${value} ${unit}${value === 1 ? '' : 's'}`;
    afterNegative = value < 0;
  };
  part(Math.trunc(months / 12), 'year');
  part(months % 12, 'mon');
  part(days, 'day');
  if (text !== '' && micros === 0n) return text;
  const sign = micros < 0n ? '-' : afterNegative ? '+' : '';
  return `${text}${text === '' ? '' : ' '}${sign}${clock(micros < 0n ? -micros : micros)}`;
};

function instant(micros: bigint, zone: string): string {
  if (micros === MAX_INT64) return 'infinity';
  if (micros === MIN_INT64) return '-infinity';
  let day = micros / DAY_MICROS;
  if (micros % DAY_MICROS < 0n) day--;
  const { text, before } = civil(Number(day));
  return `${text} ${clock(micros - day * DAY_MICROS)}${zone}${before}`;
}

function clock(micros: bigint): string {
  const rest = micros % HOUR_MICROS;
  const fraction = rest % 1_000_000n;
  const seconds = rest / 1_000_000n;
  const text = `${padded(micros / HOUR_MICROS, 2)}:${padded(seconds / 60n, 2)}:${padded(seconds % 60n, 2)}`;
  return fraction === 0n ? text : `${text}.${padded(fraction, 6).replace(/0+$/, '')}`;
}

/** Year, month and day of a day since 2000-01-01 in the proleptic Gregorian calendar; ` BC` comes last in a timestamp. */
function civil(day: number): { readonly text: string; readonly before: string } {
  const z = day + ORIGIN_DAYS;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    text: `${padded(year > 0 ? year : 1 - year, 4)}-${padded(month, 2)}-${padded(dayOfMonth, 2)}`,
    before: year > 0 ? '' : ' BC',
  };
}
