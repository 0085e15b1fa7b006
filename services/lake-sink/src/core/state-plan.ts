import { decimalShape, parseStatistics, partitionId, type AddFile, type DeltaType } from '@hasivu/delta';
import { compareBounds } from '@hasivu/lake-engine';
import type { ChangePosition } from './change-position.ts';

/** Files below this are small: several of them are merged when they pile up. */
export const SMALL_FILE_BYTES = 4 << 20;
/** Small files of one partition that may lie around before a flush merges them. */
const SMALL_FILE_LIMIT = 8;

/** First and last of the changed keys, by the first key column, as text; null when unknown. */
export interface KeyRange {
  /** As statistics name it. */
  readonly column: string;
  readonly type: DeltaType;
  readonly min: string | null;
  readonly max: string | null;
}

/** Files whose statistics do not rule out that they hold a key of the range. */
export function filesInRange(files: Iterable<AddFile>, range: KeyRange): AddFile[] {
  const found: AddFile[] = [];
  for (const file of files) {
    const bounds = parseStatistics(file.stats).columns.get(range.column);
    const below = comparable(range, bounds?.max, range.min);
    const above = comparable(range, bounds?.min, range.max);
    if ((below === null || below >= 0) && (above === null || above <= 0)) found.push(file);
  }
  return found;
}

export interface TruncateSplit {
  /** Every row is older than the TRUNCATE. */
  readonly emptied: AddFile[];
  /** Some rows may be younger. */
  readonly mixed: AddFile[];
}

export function filesBeforeTruncate(files: Iterable<AddFile>, truncatedAt: ChangePosition): TruncateSplit {
  const emptied: AddFile[] = [];
  const mixed: AddFile[] = [];
  for (const file of files) {
    const max = parseStatistics(file.stats).columns.get('_lsn')?.max;
    if (max !== undefined && BigInt(max) < truncatedAt.lsn) emptied.push(file);
    else mixed.push(file);
  }
  return { emptied, mixed };
}

/** Small files that this flush merges on the way, so that their number stays bounded without a compactor. */
export function smallFilesToMerge(
  partition: readonly AddFile[],
  isRewritten: (file: AddFile) => boolean,
): AddFile[] {
  const small = partition.filter((file) => file.size < SMALL_FILE_BYTES && !isRewritten(file));
  return small.length >= SMALL_FILE_LIMIT ? small : [];
}

/** The chosen files, and with them the small ones of each partition where these have piled up. */
export function withSmallFiles(
  files: readonly AddFile[],
  partitionColumns: readonly string[],
  chosen: Iterable<AddFile>,
): Set<AddFile> {
  const rewritten = new Set(chosen);
  const byPartition = Map.groupBy(files, (file) => partitionId(partitionColumns, file.partitionValues));
  for (const partition of byPartition.values())
    for (const file of smallFilesToMerge(partition, (other) => rewritten.has(other))) rewritten.add(file);
  return rewritten;
}

/** Sign of `left − right` in the order of the type, or null when it cannot be said: of times the log keeps less than they have. */
function comparable({ type }: KeyRange, left: string | undefined, right: string | null): number | null {
  if (left === undefined || right === null) return null;
  const isExact = typeof type === 'string' && (EXACT_TYPES.has(type) || decimalShape(type) !== null);
  return isExact ? compareBounds(type, left, right) : null;
}

const EXACT_TYPES: ReadonlySet<string> = new Set(['byte', 'short', 'integer', 'long', 'string']);
