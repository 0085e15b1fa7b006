import { PlatformError } from '@hasivu/errors';
import { fileRetentionMs } from '../table-properties.ts';

/** Shorter than this a slow writer's uploaded and uncommitted files are in danger, whatever the table says. */
const SAFE_RETENTION_MS = 7 * 86_400_000;

export interface RetentionChoice {
  /** Milliseconds; the table's own by default. */
  readonly retentionMs?: number | undefined;
  /** Allows less than seven days and less than the table's own. */
  readonly unsafeRetention?: boolean | undefined;
}

export interface Retention {
  readonly retentionMs: number;
  /** What the table itself asks for. */
  readonly defaultMs: number;
}

/** @throws LAKE_RETENTION_TOO_SHORT unless it was said that nobody is reading or writing; LAKE_PROPERTY_INVALID */
export function chosenRetention(
  table: string,
  configuration: Readonly<Record<string, string>>,
  choice: RetentionChoice,
): Retention {
  const defaultMs = fileRetentionMs(table, configuration);
  const retentionMs = choice.retentionMs ?? defaultMs;
  const leastMs = Math.max(SAFE_RETENTION_MS, defaultMs);
  if (!(retentionMs >= 0)) throw tooShort(table, 'a retention below zero was asked for', retentionMs);
  if (retentionMs < leastMs && choice.unsafeRetention !== true) {
    throw tooShort(
      table,
      `${hours(retentionMs)} hours of retention are less than the ${hours(leastMs)} hours that are safe`,
      retentionMs,
    );
  }
  return { retentionMs, defaultMs };
}

function tooShort(table: string, why: string, retentionMs: number): PlatformError {
  return new PlatformError('LAKE_RETENTION_TOO_SHORT', {
    doing: `choosing what a vacuum of the table ${table} keeps`,
    why,
    context: { table, retentionMs },
  });
}

function hours(ms: number): string {
  return String(Math.round((ms / 3_600_000) * 100) / 100);
}
