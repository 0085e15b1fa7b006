import type { Lsn } from '@hasivu/change-events';

import { planRanges, type CopyRange, type PagedPart } from './range-plan.ts';
import { RangeSet } from './range-set.ts';

/** A part as it was when its copy began. */
export interface CopiedPart extends PagedPart {
  readonly schema: string;
  readonly table: string;
  readonly oid: number;
  /** Changes when the part is rewritten (VACUUM FULL, CLUSTER, TRUNCATE): its rows are on other pages then. 0 for none. */
  readonly filenode: number;
}

/** One snapshot that ranges were read under. */
export interface CopyPass {
  /** Position of the rows that were read under it. */
  readonly lsn: Lsn;
  /** As `pg_current_snapshot()` prints it. */
  readonly snapshot: string;
  /** Ranges whose rows, as this snapshot sees them, readers have. */
  readonly seen: RangeSet;
}

/** How far the copy of a table is that has begun and is not finished. */
export interface TableCopy {
  /** Number of its truncate event; its ranges have the numbers behind. No other table of the same pass has one of them. */
  readonly firstNumber: number;
  /** Fingerprint of the columns, the key and the row filter that it was begun with. */
  readonly shape: string;
  readonly rangePages: number;
  readonly parts: readonly CopiedPart[];
  /** Oldest first: a crash ends a pass, and its snapshot with it. */
  readonly passes: readonly CopyPass[];
}

/** Room for the rows of one range: far more than its pages can hold, and 2^21 ranges fit into what JSON readers take. */
const ROWS_PER_RANGE = 2 ** 32;

export function rangesOf(copy: Pick<TableCopy, 'parts' | 'rangePages'>): CopyRange[] {
  return planRanges(copy.parts, copy.rangePages);
}

/** Number in the snapshot of the first row of a range; the same in every life. */
export function firstSeqOf(copy: TableCopy, range: number): number {
  return (copy.firstNumber + 1 + range) * ROWS_PER_RANGE;
}

/** Number of the truncate event that goes before all rows. */
export function truncateSeqOf(copy: TableCopy): number {
  return copy.firstNumber * ROWS_PER_RANGE;
}

/** First number behind those of the copy. */
export function endNumberOf(copy: TableCopy): number {
  return copy.firstNumber + 1 + rangesOf(copy).length;
}

/** The pass that goes on. */
export function currentPass(copy: TableCopy): CopyPass {
  return copy.passes[copy.passes.length - 1] as CopyPass;
}

/** True when one snapshot has seen every range: nothing can have moved from a range that was not read to one that was. */
export function isComplete(copy: TableCopy): boolean {
  return copy.passes.some((pass) => pass.seen.isFull);
}

/** The copy of a table that begins. */
export function beginCopy(
  copy: Omit<TableCopy, 'passes'>,
  pass: { readonly lsn: Lsn; readonly snapshot: string },
): TableCopy {
  return { ...copy, passes: [{ ...pass, seen: new RangeSet(rangesOf(copy).length) }] };
}
