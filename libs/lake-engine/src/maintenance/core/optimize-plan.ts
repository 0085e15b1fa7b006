import type { AddFile, PartitionValues, TableState } from '@hasivu/delta';
import { planClustering } from './clustering-plan.ts';
import { planCompaction } from './compaction-plan.ts';
import { tableOrder } from './table-order.ts';
import { targetFileBytes } from './target-size.ts';
import { bytesOf } from './neighbours.ts';

/** How eagerly files are rewritten. */
export interface OptimizeRule {
  /** Size that a file aims at, in bytes; by the size of the table where it is left out. */
  readonly targetBytes?: number | undefined;
  readonly minFiles: number;
  readonly maxDeletedShare: number;
  readonly growth: number;
  /** Files younger than this are left to whoever writes them. Only of tables that are merged into: a change log only adds. */
  readonly settleMs: number;
  /** Columns of a Z-order; empty sorts by the table's own order. */
  readonly clusterBy: readonly string[];
}

/** Whatever can be gained: what a person who asks for it wants. */
export const OPTIMIZE_ALL: OptimizeRule = {
  minFiles: 2,
  maxDeletedShare: 0.05,
  growth: 0,
  settleMs: 0,
  clusterBy: [],
};

/** Files that the engine opens at once at most. */
const MAX_FILES = 512;
/** Files of the target size that are sorted together along a curve, and their bytes at most: what is on disk at a time. */
const CUBE_FILES = 16;
const CUBE_BYTES = 2 ** 30;

/** Files of one partition that are replaced by others with the same rows. */
export interface RewriteUnit {
  readonly partitionValues: PartitionValues;
  readonly files: readonly AddFile[];
  readonly bytes: number;
}

export interface OptimizePlan {
  readonly units: readonly RewriteUnit[];
  readonly targetBytes: number;
  /** Columns that rows are sorted by, where they are not clustered. */
  readonly orderBy: readonly string[];
  readonly clusterBy: readonly string[];
}

/** What of a table is worth rewriting now. */
export function planOptimize(
  state: TableState,
  rule: OptimizeRule,
  nowMs: number,
  takes: (file: AddFile) => boolean = () => true,
): OptimizePlan {
  const { metadata, schema, columns } = state;
  const order = tableOrder(metadata, schema);
  const all = [...state.files.values()];
  const targetBytes =
    rule.targetBytes ??
    targetFileBytes({
      tableBytes: bytesOf(all),
      isMerged: order.isMerged,
      configuration: metadata.configuration,
    });
  const files = all.filter(takes);
  // Files and their statistics have names of their own where the table maps its columns.
  const leading = rule.clusterBy.length === 0 ? order.columns : rule.clusterBy;
  const layout = {
    schema: { type: 'struct', fields: columns.storedFields(schema.fields) } as const,
    partitionColumns: metadata.partitionColumns.map((name) => columns.storedName(name)),
    orderBy: leading.map((name) => columns.storedName(name)),
  };
  const settledBeforeMs = order.isMerged ? nowMs - rule.settleMs : Infinity;
  const common = { targetBytes, maxFiles: MAX_FILES, maxDeletedShare: rule.maxDeletedShare, settledBeforeMs };
  const units =
    rule.clusterBy.length === 0
      ? planCompaction(files, layout, { ...common, minFiles: rule.minFiles, growth: rule.growth })
      : planClustering(files, layout, {
          ...common,
          columns: rule.clusterBy,
          cubeBytes: Math.max(targetBytes, Math.min(CUBE_FILES * targetBytes, CUBE_BYTES)),
          leastBytes: rule.growth === 0 ? 0 : targetBytes,
          growth: rule.growth,
        });
  return { units, targetBytes, orderBy: order.columns, clusterBy: rule.clusterBy };
}
