import { parseStatistics, type AddFile } from '@hasivu/delta';
import { momentMs } from '../../compare-bounds.ts';

export type Tier = 'hot' | 'warm' | 'cold';

/** Files that nobody wrote or read for this long belong to the tier. */
export interface TierRule {
  readonly tier: 'warm' | 'cold';
  readonly afterMs: number;
  /** The store's name of it; files in it can be read at once. */
  readonly storageClass: string;
}

/** The class of objects of which the store says none, and of hot files. */
export const HOT_CLASS = 'STANDARD';

/** Smaller objects are paid for as if they had this size in colder classes. */
const LEAST_BYTES = 128 << 10;

/** A live file and the class that its object is in. */
export interface StoredFile {
  readonly file: AddFile;
  readonly storageClass: string;
  /** When a query last read it, as far as anybody tells; null where nobody does. */
  readonly lastReadMs: number | null;
}

export interface TierMove {
  readonly file: AddFile;
  readonly from: string;
  readonly to: string;
}

export interface TierPlan {
  readonly moves: readonly TierMove[];
  /** Bytes by class, now and after the moves. */
  readonly bytesNow: ReadonlyMap<string, number>;
  readonly bytesThen: ReadonlyMap<string, number>;
  /** Files and bytes of which somebody tells a read. */
  readonly readFiles: number;
  readonly readBytes: number;
  /** Of these, what is in a warmer class than its age alone would have, then. */
  readonly keptBytes: number;
  /** Of these, what comes back from a colder class now. */
  readonly returnedBytes: number;
}

/**
 * Which files change their class. A file is as old as its newest row where the table says when rows came (a rewrite makes
 * no data younger), else as its writing; a read makes it hot again. Without a read nothing moves to a warmer class: an
 * object that somebody put there by hand stays.
 * @param ageColumn of the table's commit times, if it has one
 */
export function planTiers(
  files: readonly StoredFile[],
  rules: readonly TierRule[],
  ageColumn: string | null,
  nowMs: number,
): TierPlan {
  const moves: TierMove[] = [];
  const bytesNow = new Map<string, number>();
  const bytesThen = new Map<string, number>();
  const add = (bytes: Map<string, number>, name: string, size: number): void =>
    void bytes.set(name, (bytes.get(name) ?? 0) + size);
  const read = { readFiles: 0, readBytes: 0, keptBytes: 0, returnedBytes: 0 };
  const depth = (name: string): number => rules.find((rule) => rule.storageClass === name)?.afterMs ?? -1;
  for (const stored of files) {
    const to = wantedClass(stored, rules, ageColumn, nowMs);
    if (stored.lastReadMs !== null) {
      const { size } = stored.file;
      const unread = wantedClass({ ...stored, lastReadMs: null }, rules, ageColumn, nowMs);
      read.readFiles += 1;
      read.readBytes += size;
      if (depth(to) < depth(unread)) read.keptBytes += size;
      if (depth(to) < depth(stored.storageClass)) read.returnedBytes += size;
    }
    add(bytesNow, stored.storageClass, stored.file.size);
    add(bytesThen, to, stored.file.size);
    if (to !== stored.storageClass) moves.push({ file: stored.file, from: stored.storageClass, to });
  }
  return { moves, bytesNow, bytesThen, ...read };
}

/** The tier that a class stands for; a class of no rule is hot. */
export function tierOf(storageClass: string, rules: readonly TierRule[]): Tier {
  return rules.find((rule) => rule.storageClass === storageClass)?.tier ?? 'hot';
}

function wantedClass(
  { file, storageClass, lastReadMs }: StoredFile,
  rules: readonly TierRule[],
  ageColumn: string | null,
  nowMs: number,
): string {
  const idleMs = nowMs - Math.max(dataMs(file, ageColumn), lastReadMs ?? -Infinity);
  const byAge = [...rules].sort((left, right) => right.afterMs - left.afterMs);
  const rule = byAge.find(({ afterMs }) => idleMs >= afterMs);
  const now = byAge.find((one) => one.storageClass === storageClass);
  // A tier may begin at once: hot is warmer than that too.
  const isColder = (rule?.afterMs ?? -1) > (now?.afterMs ?? -1);
  if (isColder) return rule === undefined || file.size < LEAST_BYTES ? storageClass : rule.storageClass;
  if (now === undefined || rule === now || lastReadMs === null) return storageClass;
  return rule?.storageClass ?? HOT_CLASS;
}

function dataMs(file: AddFile, ageColumn: string | null): number {
  if (ageColumn === null) return file.modificationTime;
  const newest = momentMs(parseStatistics(file.stats).columns.get(ageColumn)?.max ?? '');
  return Number.isNaN(newest) ? file.modificationTime : newest;
}
