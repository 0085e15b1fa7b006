import {
  parseStatistics,
  partitionId,
  type AddFile,
  type DeltaStruct,
  type PartitionValues,
} from '@hasivu/delta';
import { inOrderOf } from './bound-order.ts';
import { bytesOf, neighbours } from './neighbours.ts';

export interface CompactionRule {
  /** Size that a file aims at, in bytes. Files below three quarters of it are small. */
  readonly targetBytes: number;
  /** Small files become one only where at least so many lie together. */
  readonly minFiles: number;
  /** Files that become one at most: the engine opens all of them at once. */
  readonly maxFiles: number;
  /** A file with a larger share of its rows marked deleted is rewritten without them, whatever its size. */
  readonly maxDeletedShare: number;
  /**
   * A large part of a bin waits until the rest of it has come to this share of it, so that a file that grows by small
   * ones is not rewritten each time. 0 merges whatever is small.
   */
  readonly growth: number;
  /** Files that came later than this, in milliseconds since 1970, are left to whoever writes them. */
  readonly settledBeforeMs: number;
}

/** Files of one partition that become one. */
export interface CompactionBin {
  readonly partitionValues: PartitionValues;
  readonly files: readonly AddFile[];
  readonly bytes: number;
}

/** What the files have in common by which they are told small. */
export function isSmall(file: AddFile, targetBytes: number): boolean {
  return file.size < targetBytes * 0.75;
}

/** Share of the file's rows that are marked deleted; 1 where the file does not say how many it has. */
export function deletedShare(file: AddFile): number {
  const gone = file.deletionVector?.cardinality ?? 0;
  if (gone === 0) return 0;
  const rows = parseStatistics(file.stats).numRecords;
  return rows > 0 ? Math.min(1, gone / rows) : 1;
}

/**
 * Bins of small files and of files with many marked rows, by partition, each at most the target unless a single file is
 * larger. Neighbours by the leading sort column come together, so that statistics stay narrow.
 */
export function planCompaction(
  files: Iterable<AddFile>,
  layout: {
    readonly schema: DeltaStruct;
    readonly partitionColumns: readonly string[];
    readonly orderBy: readonly string[];
  },
  rule: CompactionRule,
): CompactionBin[] {
  const bins: CompactionBin[] = [];
  const partitions = Map.groupBy(files, (file) => partitionId(layout.partitionColumns, file.partitionValues));
  for (const partition of partitions.values()) {
    const candidates = partition.filter(
      (file) =>
        deletedShare(file) > rule.maxDeletedShare ||
        (isSmall(file, rule.targetBytes) && file.modificationTime <= rule.settledBeforeMs),
    );
    for (const run of neighbours(
      inOrderOf(candidates, layout.schema, layout.orderBy[0]),
      (file) => file.size,
      rule.targetBytes,
      rule.maxFiles,
    )) {
      const chosen = worthwhile(run, rule);
      const [first] = chosen;
      if (first !== undefined)
        bins.push({ partitionValues: first.partitionValues, files: chosen, bytes: bytesOf(chosen) });
    }
  }
  return bins;
}

/** The files of a run that are rewritten now; none where it would gain too little. */
function worthwhile(run: readonly AddFile[], rule: CompactionRule): readonly AddFile[] {
  const mustGo = (file: AddFile): boolean => deletedShare(file) > rule.maxDeletedShare;
  let chosen = [...run];
  // The largest waits for the others to catch up; what is left then is judged the same way.
  for (;;) {
    const largest = chosen.reduce<AddFile | null>(
      (most, file) => (most === null || file.size > most.size ? file : most),
      null,
    );
    if (largest === null || mustGo(largest)) break;
    if (bytesOf(chosen) - largest.size >= rule.growth * largest.size) break;
    chosen = chosen.filter((file) => file !== largest);
  }
  return chosen.length >= Math.max(2, rule.minFiles) ? chosen : chosen.filter(mustGo);
}
