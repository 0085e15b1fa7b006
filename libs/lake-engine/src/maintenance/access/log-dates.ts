const DAY_MS = 86_400_000;
/** Amazon delivers within hours, as well as it can; a log of a day may come this much later. */
const LATE_DAYS = 2;

/** How a log's objects are named behind its prefix. */
type LogNaming = 'days' | 'folders' | 'other';

/**
 * A key that stands before everything that was written after the moment, so that a listing need not begin with the first
 * object ever; undefined where the names do not tell the time.
 * @param sample key of any object of the log
 */
export function listingStart(prefix: string, sample: string, sinceMs: number): string | undefined {
  const naming = namingOf(sample.slice(prefix.length));
  const day = new Date(Math.max(0, sinceMs - LATE_DAYS * DAY_MS)).toISOString().slice(0, 10);
  if (naming === 'days') return `${prefix}${day}`;
  return naming === 'folders' ? `${prefix}${day.replaceAll('-', '/')}` : undefined;
}

/** `2026-11-25-10-04-12-ABC`, or folders of years, months and days around it. */
function namingOf(name: string): LogNaming {
  if (/^\d{4}-\d{2}-\d{2}-/u.test(name)) return 'days';
  return /^\d{4}\/\d{2}\/\d{2}\//u.test(name) ? 'folders' : 'other';
}
