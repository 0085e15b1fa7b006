import type { RowSet } from '@hasivu/delta';

/** Rows of a file, by their numbers in it, that a cut copy of it still has: from `first` on, `count` of them. */
export interface KeptRange {
  readonly first: number;
  readonly count: number;
}

/** The ranges that are left of row groups, one after the other, when only some of them are kept. */
export function keptRanges(
  groups: readonly { readonly rows: number; readonly kept: boolean }[],
): KeptRange[] {
  const ranges: KeptRange[] = [];
  let first = 0;
  for (const { rows, kept } of groups) {
    if (kept) ranges.push({ first, count: rows });
    first += rows;
  }
  return ranges;
}

/**
 * Which rows of a cut copy are in the set, where the set has the rows of the whole file: a bit each, as `RowSet.toBits` has
 * them. The copy numbers its rows as if the others had never been.
 */
export function keptBits(rows: RowSet, ranges: readonly KeptRange[]): Uint8Array {
  const total = ranges.reduce((sum, { count }) => sum + count, 0);
  const bits = new Uint8Array(Math.ceil(total / 8));
  let at = 0;
  let before = 0;
  rows.forEach((row) => {
    let range = ranges[at];
    while (range !== undefined && row >= range.first + range.count) {
      before += range.count;
      range = ranges[(at += 1)];
    }
    if (range === undefined || row < range.first) return;
    const kept = before + row - range.first;
    bits[kept >>> 3] = (bits[kept >>> 3] as number) | (0x80 >> (kept & 7));
  });
  return bits;
}
