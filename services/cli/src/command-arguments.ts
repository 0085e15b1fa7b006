import { PlatformError } from '@hasivu/errors';
import { InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number, 0 or above.');
  return value;
}

/** Milliseconds since 1970. A time without a zone is one of this machine's clock, as `date` shows it. */
export function pointInTime(text: string): number {
  const value = Date.parse(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It must be a time such as 2026-01-31T09:00:00Z.');
  return value;
}

/** Arguments that are right one by one, and not together. */
export function wrongUsage(why: string): PlatformError {
  return new PlatformError('CLI_USAGE', { doing: 'reading the command line', why });
}
