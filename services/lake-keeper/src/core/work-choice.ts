import type { TableHealth } from '@hasivu/lake-engine';
import type { TablePolicy } from './table-policy.ts';

export type JobKind = 'optimize' | 'vacuum' | 'retain' | 'tier';

/** What is known of one table. */
export interface TableFacts {
  readonly root: string;
  readonly policy: TablePolicy;
  readonly health: TableHealth;
  /** When its last vacuum ended; null before the first. */
  readonly vacuumedMs: number | null;
  /** How long removed files of the table stay. */
  readonly fileRetentionMs: number;
  /** When the table was made; null where it does not say. */
  readonly createdMs: number | null;
  /** Rows before this moment go, in milliseconds since 1970; null where they stay. */
  readonly retentionCutMs: number | null;
  /** They are gone. */
  readonly isRetained: boolean;
  /** When its objects were last held against their tiers; null before the first time. */
  readonly tieredMs: number | null;
}

export interface Job {
  readonly root: string;
  readonly kind: JobKind;
  /** The larger, the sooner. */
  readonly urgency: number;
}

/** One job of each table that needs one, the most urgent first. */
export function chooseJobs(tables: readonly TableFacts[], nowMs: number): Job[] {
  const jobs = tables.flatMap((table) => jobOf(table, nowMs) ?? []);
  return jobs.sort((a, b) => b.urgency - a.urgency || (a.root < b.root ? -1 : 1));
}

/** A reader waits for each file it opens, so what counts is how many fewer there will be; a vacuum waits for its time only. */
function jobOf(table: TableFacts, nowMs: number): Job | null {
  const { root, policy, health } = table;
  // First of all: it is once a day, and what goes need not be rewritten.
  if (!table.isRetained) return { root, kind: 'retain', urgency: Number.MAX_VALUE };
  const overdue = policy.vacuums ? vacuumOverdue(table, nowMs) : 0;
  const optimize = policy.optimizes && health.dueFiles > 0 ? health.dueFiles : 0;
  // A vacuum that waits for as long again as its time is not put off by a table that always has small files.
  if (overdue > 0 && (optimize === 0 || overdue >= 2))
    return { root, kind: 'vacuum', urgency: optimize + overdue };
  // What is to be rewritten soon is not worth moving.
  if (optimize > 0) return { root, kind: 'optimize', urgency: optimize };
  const isTierDue = policy.tiers.length > 0 && nowMs >= (table.tieredMs ?? 0) + policy.tierEveryMs;
  return isTierDue ? { root, kind: 'tier', urgency: 0 } : null;
}

/** How many times the time between two vacuums has passed since the last one was due, and 1; 0 before it is. */
function vacuumOverdue(
  { policy, vacuumedMs, createdMs, fileRetentionMs }: TableFacts,
  nowMs: number,
): number {
  const retainMs = policy.vacuumRetainMs ?? fileRetentionMs;
  // Nothing of a table that is younger than the retention may be deleted.
  const dueMs = vacuumedMs === null ? (createdMs ?? 0) + retainMs : vacuumedMs + policy.vacuumEveryMs;
  return nowMs < dueMs ? 0 : 1 + (nowMs - dueMs) / policy.vacuumEveryMs;
}
