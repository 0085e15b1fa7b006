export { CHANGE_TYPE, FEED_COLUMNS, hasChangeFeed, uploadChangeFiles } from './change-files.ts';
export { compareBounds } from './compare-bounds.ts';
export { columnCopy } from './column-copy.ts';
export { deleteRows, type DeleteReport, type DeleteRequest } from './delete-rows.ts';
export { Engine, type EngineOptions } from './engine.ts';
export { inPartition, uploadEngineFiles, writePartitioned, type WriteOrder } from './engine-files.ts';
export { EngineSession, type EngineFile } from './engine-session.ts';
export { engineType, identifier, partitionConstant, text, type PartitionFiles } from './engine-sql.ts';
export { engineStatistics, type EngineColumnStatistics } from './engine-statistics.ts';
export { OpenTable, type EngineTable, type NewFile } from './engine-table.ts';
export type { EngineVector } from './engine-vector.ts';
export { FileCache } from './file-cache.ts';
export { byPartition, LocalFiles, type PlacedFile } from './local-files.ts';
export { isMarked, MARKED_ROWS, unmarkedRows } from './marked-rows-sql.ts';
export { commitMerge, replanned, type MergeChange, type MergeCommit } from './merge-commit.ts';
export { parsePredicate, type RowPredicate } from './predicate/row-predicate.ts';
export {
  defaultValue,
  evaluating,
  generationOf,
  holdRows,
  rowConstraints,
  type RowConstraint,
} from './row-constraints.ts';
export { parseGeneration, type Generation } from './shared-sql/generation.ts';
export { setProperties } from './table-properties.ts';
export { namedParts } from './named-parts.ts';
export { readFiles, typedColumns } from './read-files.ts';
export type { LakeObject } from './sparse-copy.ts';
export { storedAs, storedIds } from './stored-columns.ts';
export { TableVectors } from './table-vectors.ts';
export { LakeReader, type LakeReaderOptions, type NamedTable } from './read/lake-reader.ts';
export { type Share, type TableRead } from './read/table-read.ts';
export { parseStatement, type ParsedStatements } from './statement-syntax.ts';
export { vectorFiles } from './vector-files.ts';
export { CapacityLedger } from './usage/core/capacity-ledger.ts';
export { exceeded, NO_CAPACITY, type CapacityState, type Room } from './usage/core/capacity-state.ts';
export { rewriteLimit } from './usage/core/rewrite-limit.ts';
export { CapacityWatch, type CapacityWatchOptions } from './usage/capacity-watch.ts';
export { measureUsage, type MeasureOptions } from './usage/measure-usage.ts';
export { UsageTally, type UsageSum } from './usage/core/usage-tally.ts';
export { OBJECT_KINDS, placeOf, type ObjectKind, type ObjectPlace } from './usage/core/object-place.ts';
export { atOnce } from './at-once.ts';
export {
  OPTIMIZE_ALL,
  planOptimize,
  type OptimizePlan,
  type OptimizeRule,
} from './maintenance/core/optimize-plan.ts';
export { clusterColumns, tableColumns, type TableColumns } from './maintenance/core/cluster-columns.ts';
export type { LakeStore, StoredObject } from './maintenance/lake-store.ts';
export {
  optimizeTable,
  type OptimizeFailpoint,
  type OptimizeOptions,
  type OptimizeReport,
} from './maintenance/optimize-table.ts';
export type { RewriteTools } from './maintenance/rewrite-unit.ts';
export { tableHealth, type TableHealth } from './maintenance/core/table-health.ts';
export { listLakeTables } from './maintenance/lake-tables.ts';
export { retentionCutMs, type RetentionRule } from './maintenance/core/retention-plan.ts';
export { retainTable, type RetainOptions, type RetainReport } from './maintenance/retain-table.ts';
export { choosePartitions, type PartitionChoice } from './maintenance/partition-choice.ts';
export { LIST_PRICES, tierCost, type ClassPrice, type TierCost } from './maintenance/core/tier-cost.ts';
export {
  AccessEvidence,
  type AccessEvidenceOptions,
  type EvidenceLook,
} from './maintenance/access/access-evidence.ts';
export type { AccessLogCounts } from './maintenance/access/access-log.ts';
export { tierOf, type Tier, type TierPlan, type TierRule } from './maintenance/core/tier-plan.ts';
export { tierTable, type LastRead, type TierOptions, type TierReport } from './maintenance/tier-table.ts';
