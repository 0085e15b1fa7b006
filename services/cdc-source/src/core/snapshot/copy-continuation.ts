import type { Lsn } from '@hasivu/change-events';

import { RangeSet } from './range-set.ts';
import { rangesOf, type CopiedPart, type CopyPass, type TableCopy } from './table-copy.ts';

/** What the table is now. */
export interface ContinuationFacts {
  readonly shape: string;
  /** Its parts, as a copy that began now would have them. */
  readonly parts: readonly CopiedPart[];
  readonly hasKey: boolean;
  /** True when every change in the log has the whole old row. */
  readonly identityFull: boolean;
  /** True when a value can lie out of line: an update that leaves it alone does not log it. */
  readonly hasToast: boolean;
}

/**
 * Which rows of a range are read: all, those that a snapshot sees (`in`), or those that are newer than one (`after`).
 * null reads nothing.
 */
export type RowChoice =
  | { readonly tag: 'all' }
  | { readonly tag: 'in'; readonly snapshot: string }
  | { readonly tag: 'after'; readonly snapshot: string };

const TWO_32 = 1n << 32n;

/**
 * Goes on with a copy whose snapshot is gone. The slot holds every change since the first pass, and they are streamed
 * after the copy; so ranges that were read stay read, and the others are read under a new snapshot, whose rows take the
 * new snapshot's position.
 *
 * With a key, a change in between meets the row that the copy has, whichever snapshot it came from, and the position says
 * which is newer. One case would lose a value: an update moves a row from a range that was not read yet to one that was,
 * and leaves an out-of-line value alone, which the log then lacks. So where that can be, ranges that were read are read
 * again for row versions newer than the snapshot they were read under.
 *
 * Without a key, only inserts can follow (the server refuses others, short of REPLICA IDENTITY FULL): a range that was
 * not read gives the rows that the first snapshot saw, and the stream gives the rest.
 *
 * A table of another shape begins anew: the stream would come with the older shape after the newer one.
 * @returns null when the copy has to begin anew
 */
export function continueCopy(
  copy: TableCopy,
  facts: ContinuationFacts,
  pass: { readonly lsn: Lsn; readonly snapshot: string },
): TableCopy | null {
  if (copy.shape !== facts.shape || !sameParts(copy.parts, facts.parts)) return null;
  if (!facts.hasKey && (facts.identityFull || hasWrapped(pass.snapshot))) return null;
  const seen = new RangeSet(rangesOf(copy).length);
  if (!mustReadAgain(facts)) for (const earlier of copy.passes) seen.addAll(earlier.seen);
  return { ...copy, passes: [...copy.passes, { ...pass, seen }] };
}

/** Which rows the current pass of a copy reads in a range; null when it has seen the range. */
export function rowsToRead(copy: TableCopy, range: number, hasKey: boolean): RowChoice | null {
  const current = copy.passes.length - 1;
  const last = copy.passes.findLastIndex((pass) => pass.seen.has(range));
  if (last === current) return null;
  if (last >= 0) return { tag: 'after', snapshot: (copy.passes[last] as CopyPass).snapshot };
  if (hasKey || current === 0) return { tag: 'all' };
  return { tag: 'in', snapshot: (copy.passes[0] as CopyPass).snapshot };
}

function mustReadAgain(facts: ContinuationFacts): boolean {
  return facts.hasKey && facts.hasToast && !facts.identityFull;
}

// A part that cannot be read by page has no row versions to compare either.
function sameParts(before: readonly CopiedPart[], now: readonly CopiedPart[]): boolean {
  return (
    before.length === now.length &&
    before.every((part, i) => {
      const other = now[i] as CopiedPart;
      return (
        part.oid === other.oid &&
        part.filenode === other.filenode &&
        part.pages !== null &&
        other.pages !== null
      );
    })
  );
}

/**
 * A row keeps the 32 bits of its inserting transaction for ever. Once the server has used all of them, an old row can
 * look newer than the snapshot: with a key that only repeats it, without one it would be left out.
 */
function hasWrapped(snapshot: string): boolean {
  const next = snapshot.split(':')[1];
  return BigInt(next ?? 0) >= TWO_32;
}
