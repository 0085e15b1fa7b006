/** Runs below it are alike. */
const SMALL_ENTRIES = 1 << 17;
/** Runs of one size that may lie beside each other. */
export const RUNS_PER_SIZE = 8;

/**
 * Which runs are to be merged into one, by number; none when they are few. Merging eight of a size writes each entry a
 * handful of times, however large the table, and leaves few runs to look into.
 * @param sizes entries of each run
 * @param liveEntries entries of files that are still in the table, all runs together
 */
export function planRunMerge(sizes: readonly number[], liveEntries: number): readonly number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  // Files that went have left their entries behind.
  if (sizes.length > 1 && all > 2 * liveEntries + SMALL_ENTRIES) return [...sizes.keys()];
  const bySize = Map.groupBy(sizes.keys(), (at) => level(sizes[at] as number));
  for (const alike of bySize.values()) if (alike.length >= RUNS_PER_SIZE) return alike;
  return [];
}

function level(entries: number): number {
  return Math.max(0, Math.floor(Math.log(entries / SMALL_ENTRIES) / Math.log(RUNS_PER_SIZE)) + 1);
}
