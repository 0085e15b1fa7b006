import { parseStatistics, VECTORS_PROPERTY, type AddFile } from '@hasivu/delta';

/** Whether rows of a state table may be marked deleted: never, once the table is large, or at any size. */
export type VectorUse = 'never' | 'large' | 'always';

export interface VectorLimits {
  readonly minTableBytes: number;
  readonly minFileBytes: number;
  /** 0 to 1. */
  readonly maxDeletedShare: number;
  readonly rewriteBytes: number;
}

/** A live file of which this batch takes rows, or of which earlier ones did. */
export interface ThinnedFile {
  readonly file: AddFile;
  /** Rows that its deletion vector takes out. */
  readonly gone: number;
  /** Further rows that this batch takes out. */
  readonly going: number;
}

export interface ThinningPlan {
  /** Rows are marked in a deletion vector; the file stays. */
  readonly marked: AddFile[];
  readonly rewritten: AddFile[];
  /** No row is left. */
  readonly emptied: AddFile[];
}

/** Whether this batch may mark rows. A table that has come to use vectors goes on, whatever its size. */
export function mayMark(
  use: VectorUse,
  configuration: Readonly<Record<string, string>>,
  tableBytes: number,
  limits: VectorLimits,
): boolean {
  const stored = configuration[VECTORS_PROPERTY];
  // Somebody switched them off for this table, perhaps for a reader that cannot follow them.
  if (use === 'never' || stored === 'false') return false;
  return use === 'always' || stored === 'true' || tableBytes >= limits.minTableBytes;
}

/**
 * What becomes of the files that lose rows. Marking costs the batch's rows, rewriting costs the file's: a file is
 * rewritten where it is small, or once so much of it is marked that readers pay more than the rewrite does. Files pass
 * that border together when changes are spread evenly, so one batch rewrites the worst of them and leaves the rest to the next.
 */
export function planThinning(
  files: readonly ThinnedFile[],
  canMark: boolean,
  limits: VectorLimits,
): ThinningPlan {
  const plan: ThinningPlan = { marked: [], rewritten: [], emptied: [] };
  const worn: { thinned: ThinnedFile; share: number }[] = [];
  for (const thinned of files) {
    const { file, gone, going } = thinned;
    const rows = parseStatistics(file.stats).numRecords;
    const share = rows > 0 ? (gone + going) / rows : 1;
    if (rows > 0 && gone + going === rows) plan.emptied.push(file);
    else if (going > 0 && (!canMark || rows <= 0 || file.size < limits.minFileBytes))
      plan.rewritten.push(file);
    else if (share > limits.maxDeletedShare) worn.push({ thinned, share });
    else if (going > 0) plan.marked.push(file);
  }
  worn.sort((left, right) => right.share - left.share);
  let bytes = 0;
  for (const [index, { thinned }] of worn.entries()) {
    bytes += thinned.file.size;
    // One always: a file above the bound would otherwise never be rewritten.
    if (index === 0 || bytes <= limits.rewriteBytes) plan.rewritten.push(thinned.file);
    else if (thinned.going > 0) plan.marked.push(thinned.file);
  }
  return plan;
}
