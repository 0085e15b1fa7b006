import { PlatformError } from '@hasivu/errors';

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  nanosecond: 1e-6,
  microsecond: 1e-3,
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/**
 * Milliseconds of an interval as Delta's properties have it: `interval 30 days`, `interval 1 week 12 hours`, also
 * without the first word. Null for anything else, months and years among it, whose lengths differ.
 */
export function parseInterval(text: string): number | null {
  const words = text.trim().toLowerCase().split(/\s+/u);
  if (words[0] === 'interval') words.shift();
  if (words.length === 0 || words.length % 2 !== 0) return null;
  let sum = 0;
  for (let i = 0; i < words.length; i += 2) {
    const amount = words[i] as string;
    const unit = MS_PER_UNIT[(words[i + 1] as string).replace(/s$/u, '')];
    if (unit === undefined || !/^[+-]?\d+$/u.test(amount)) return null;
    sum += Number(amount) * unit;
  }
  return Number.isFinite(sum) && sum >= 0 ? Math.floor(sum) : null;
}

/** A property of the table that is an interval. @throws LAKE_PROPERTY_INVALID */
export function intervalProperty(
  table: string,
  configuration: Readonly<Record<string, string>>,
  name: string,
  defaultMs: number,
): number {
  const text = configuration[name];
  if (text === undefined) return defaultMs;
  const parsed = parseInterval(text);
  if (parsed !== null) return parsed;
  throw new PlatformError('LAKE_PROPERTY_INVALID', {
    doing: `reading the property ${name} of the table ${table}`,
    why: 'it is no interval of weeks, days, hours, minutes or seconds',
    context: { table, property: name },
  });
}
