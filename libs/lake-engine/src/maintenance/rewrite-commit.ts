import { isPlatformError } from '@hasivu/errors';
import { removalOf, vectorId, type DeltaTable, type TableState } from '@hasivu/delta';
import type { Rewrite } from './rewrite-unit.ts';

/** Tries of one commit while others change the table; each try leaves out what they changed. */
const MAX_TRIES = 20;

export interface RewriteCommit {
  /** Null when nothing was left to commit. */
  readonly version: number | null;
  readonly committed: readonly Rewrite[];
  /** Somebody changed or removed their files meanwhile; what was written for them is for vacuum. */
  readonly dropped: readonly Rewrite[];
}

export interface RewriteRequest {
  readonly operation: string;
  readonly operationParameters: Readonly<Record<string, string>>;
  /** Whether rows go or change, not only move. */
  readonly dataChange: boolean;
  readonly nowMs: () => number;
}

/** What a rewrite was made for: of a table with other columns its files may not be right. */
export function rewriteShape({ metadata }: TableState): string {
  return JSON.stringify([metadata.id, metadata.schemaString, metadata.partitionColumns]);
}

/**
 * Commits rewrites as one version, those of them whose files are still what they were. A rival is never in the way: it
 * is followed, and what it changed is left to the next plan.
 * @param shape as {@link rewriteShape} had it when the rewrites were planned
 */
export async function commitRewrites(
  table: DeltaTable,
  rewrites: readonly Rewrite[],
  shape: string,
  request: RewriteRequest,
): Promise<RewriteCommit> {
  for (let attempt = 1; ; attempt += 1) {
    await table.refresh();
    const standing = rewriteShape(table.state) === shape ? rewrites.filter((one) => stands(table, one)) : [];
    const dropped = rewrites.filter((one) => !standing.includes(one));
    if (standing.length === 0) return { version: null, committed: [], dropped };
    try {
      const version = await table.commit(toCommit(standing, request));
      return { version, committed: standing, dropped };
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'LAKE_COMMIT_CONFLICT' || attempt === MAX_TRIES)
        throw error;
    }
  }
}

/** Whether every file is live with the vector that it had: marked rows would come back otherwise. */
function stands({ state }: DeltaTable, { files }: Rewrite): boolean {
  return files.every((file) => {
    const live = state.files.get(file.path);
    return live !== undefined && vectorId(live.deletionVector) === vectorId(file.deletionVector);
  });
}

function toCommit(rewrites: readonly Rewrite[], request: RewriteRequest) {
  const nowMs = request.nowMs();
  const { dataChange } = request;
  const files = rewrites.flatMap((one) => one.files);
  const adds = rewrites.flatMap((one) => one.adds);
  return {
    actions: [
      ...files.map((file) => removalOf(file, nowMs, dataChange)),
      ...adds.map((add) => ({ add: { ...add, dataChange } })),
      ...rewrites.flatMap((one) => one.changes ?? []),
    ],
    // No row is new: what holds for the table holds for each of them.
    enforcesConstraints: true,
    operation: request.operation,
    operationParameters: request.operationParameters,
    operationMetrics: rewriteMetrics(rewrites),
    // Only the files themselves: rows that others add meanwhile are none of this commit's business.
    reads: { files: new Set(files.map((file) => file.path)), wouldRead: () => false },
  };
}

/** Named as Spark names those of OPTIMIZE. */
function rewriteMetrics(rewrites: readonly Rewrite[]): Record<string, string> {
  const files = rewrites.flatMap((one) => one.files);
  const sizes = rewrites.flatMap((one) => one.adds.map((add) => add.size)).sort((a, b) => a - b);
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const quantile = (share: number): number => sizes[Math.floor(share * (sizes.length - 1))] ?? 0;
  const metrics = {
    numAddedFiles: sizes.length,
    numRemovedFiles: files.length,
    numAddedBytes: sum(sizes),
    numRemovedBytes: sum(files.map((file) => file.size)),
    numDeletionVectorsRemoved: files.filter((file) => file.deletionVector !== undefined).length,
    minFileSize: quantile(0),
    p25FileSize: quantile(0.25),
    p50FileSize: quantile(0.5),
    p75FileSize: quantile(0.75),
    maxFileSize: quantile(1),
  };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)]));
}
