const DAY = 86_400_000_000n;

/** Year (astronomical: 0 is 1 BC), month and day of days since 1970-01-01, by the calendar of today at all times. */
export function civilOf(days: number): readonly [year: number, month: number, day: number] {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor(
    (doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365,
  );
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return [yoe + era * 400 + (month <= 2 ? 1 : 0), month, doy - Math.floor((153 * mp + 2) / 5) + 1];
}

/** Inverse of {@link civilOf}. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy - 719_468;
}

/** Days since 1970-01-01 of the same year, month and day in Caesar's calendar. */
export function julianDaysOf(days: number): number {
  const [year, month, day] = civilOf(days);
  const y = month <= 2 ? year - 1 : year;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) + doy - 719_470;
}

/** The first day of the calendar of today, 1582-10-15. */
export const REFORM = -141_427;

export function dayOf(micros: bigint): number {
  return Number((micros - mod(micros, DAY)) / DAY);
}

export function timeOf(micros: bigint): bigint {
  return mod(micros, DAY);
}

/** Microseconds of `2026-01-02T03:04:05.678901Z`, also with a sign and more digits of the year; null for another text. */
export function microsOfIso(text: string): bigint | null {
  const parts = /^([+-]?\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z$/.exec(text);
  if (!parts) return null;
  const [, year, month, day, hour, minute, second = '0', fraction = ''] = parts;
  const clock = (BigInt(hour as string) * 60n + BigInt(minute as string)) * 60n + BigInt(second);
  const days = BigInt(daysOf(Number(year), Number(month), Number(day)));
  return days * DAY + clock * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

function mod(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}
