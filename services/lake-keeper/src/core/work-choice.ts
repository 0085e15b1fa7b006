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

/** How much more the lake may have. */
export interface LakeRoom {
  /** For rewrites, which leave some of it to what comes in. */
  readonly freeBytes: number;
  /** Little more can be written to it, or nothing, so that room is what matters. */
  readonly isFull: boolean;
}

const UNBOUNDED: LakeRoom = { freeBytes: Infinity, isFull: false };

export interface Job {
  readonly root: string;
  readonly kind: JobKind;
  /** The larger, the sooner. */
  readonly urgency: number;
  /** What it adds at most before a vacuum takes what it replaced. */
  readonly addsBytes: number;
}

/** A vacuum that finds nothing costs a listing of the table. */
const FULL_VACUUM_EVERY_MS = 3_600_000;

/** One job of each table that needs one, the most urgent first. */
export function chooseJobs(tables: readonly TableFacts[], nowMs: number, room = UNBOUNDED): Job[] {
  const jobs = tables.flatMap((table) => jobOf(table, nowMs, room) ?? []);
  return jobs.sort((a, b) => b.urgency - a.urgency || (a.root < b.root ? -1 : 1));
}

/** Whether files of the table are due for a rewrite that the lake has no room for. */
export function lacksRoom(table: TableFacts, room: LakeRoom): boolean {
  return wantsOptimize(table) && !hasRoom(table, room);
}

function wantsOptimize({ policy, health }: TableFacts): boolean {
  return policy.optimizes && health.dueFiles > 0;
}

/** What is replaced stays for its retention: a rewrite adds what it reads, and takes nothing away. */
function hasRoom({ health }: TableFacts, { freeBytes, isFull }: LakeRoom): boolean {
  return !isFull && health.dueBytes <= freeBytes;
}

/** A reader waits for each file it opens, so what counts is how many fewer there will be; a vacuum waits for its time only. */
function jobOf(table: TableFacts, nowMs: number, room: LakeRoom): Job | null {
  const { root, policy, health } = table;
  const addsBytes = 0;
  // First of all: it is once a day, and what goes need not be rewritten.
  if (!table.isRetained) return { root, kind: 'retain', urgency: Number.MAX_VALUE, addsBytes };
  const overdue = policy.vacuums ? vacuumOverdue(table, nowMs, room.isFull) : 0;
  const optimize = wantsOptimize(table) && hasRoom(table, room) ? health.dueFiles : 0;
  // A vacuum that waits for as long again as its time is not put off by a table that always has small files.
  if (overdue > 0 && (optimize === 0 || overdue >= 2))
    return { root, kind: 'vacuum', urgency: optimize + overdue, addsBytes };
  // What is to be rewritten soon is not worth moving.
  if (optimize > 0) return { root, kind: 'optimize', urgency: optimize, addsBytes: health.dueBytes };
  const isTierDue = policy.tiers.length > 0 && nowMs >= (table.tieredMs ?? 0) + policy.tierEveryMs;
  return isTierDue ? { root, kind: 'tier', urgency: 0, addsBytes } : null;
}

/** How many times the time between two vacuums has passed since the last one was due, and 1; 0 before it is. */
function vacuumOverdue(
  { policy, vacuumedMs, createdMs, fileRetentionMs }: TableFacts,
  nowMs: number,
  isFull: boolean,
): number {
  const everyMs = isFull ? Math.min(policy.vacuumEveryMs, FULL_VACUUM_EVERY_MS) : policy.vacuumEveryMs;
  const retainMs = policy.vacuumRetainMs ?? fileRetentionMs;
  // Nothing of a table that is younger than the retention may be deleted.
  const dueMs = vacuumedMs === null ? (createdMs ?? 0) + retainMs : vacuumedMs + everyMs;
  return nowMs < dueMs ? 0 : 1 + (nowMs - dueMs) / everyMs;
}
