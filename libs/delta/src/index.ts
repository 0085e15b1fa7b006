export {
  parseCommit,
  removalOf,
  serializeCommit,
  type Action,
  type AddFile,
  type CdcFile,
  type CommitInfo,
  type DeletionVector,
  type Metadata,
  type PartitionValues,
  type Protocol,
  type RemoveFile,
  type Txn,
} from './actions.ts';
export { changedRows, type ChangedRows } from './change-feed/changed-rows.ts';
export type { ChangeRange } from './change-feed/change-range.ts';
export type { ChangeFile, ChangeType } from './change-feed/commit-changes.ts';
export { readChanges, type CommitChanges, type TableChanges } from './change-feed/read-changes.ts';
export { ColumnMapping } from './column-mapping/column-mapping.ts';
export { hasWriterFeature } from './protocol-features.ts';
export {
  checkDroppable,
  dropColumn,
  renameColumn,
  type ColumnPath,
} from './column-mapping/change-columns.ts';
export { mayName } from './column-mapping/column-words.ts';
export { mapColumns, withColumnIds } from './column-mapping/map-columns.ts';
export {
  columnId,
  mappingMode,
  MAPPING_PROPERTY,
  unmappedField,
  type MappingMode,
} from './column-mapping/mapping-property.ts';
export { checkpointCodec, type CheckpointCodec } from './checkpoint-codec.ts';
export {
  conflictWith,
  READ_NOTHING,
  readEverything,
  type Conflict,
  type Isolation,
  type ReadScope,
} from './conflict.ts';
export {
  DeltaTable,
  type CommitRequest,
  type DeltaSurroundings,
  type TableDefinition,
  type TableSnapshot,
} from './delta-table.ts';
export { markedFile } from './deletion-vector/marked-file.ts';
export { packCommitVectors, type CommitVectors } from './deletion-vector/pack-commit.ts';
export { readVector, type VectorFiles } from './deletion-vector/read-vector.ts';
export { RowSet } from './deletion-vector/row-set.ts';
export { vectorId, vectorLocation, type VectorLocation } from './deletion-vector/vector-location.ts';
export type { HistoryEntry } from './history.ts';
export { parseInterval } from './interval.ts';
export type { LogObject, LogStore } from './log-store.ts';
export { statisticsOf } from './file-statistics.ts';
export { parquetNodes } from './parquet-nodes.ts';
export { BytesColumn, FixedColumn, type ByteBound } from './parquet/byte-columns.ts';
export { BooleanColumn, FloatColumn, Int32Column, Int64Column } from './parquet/number-columns.ts';
export {
  ParquetFile,
  type Compression,
  type ParquetFileOptions,
  type TypedColumn,
} from './parquet/parquet-file.ts';
export { CODEC_PROPERTY, pageCodecOf, type PageCodec } from './parquet/page-codec.ts';
export { isLeaf, leavesOf, type LeafNode, type SchemaNode } from './parquet/parquet-schema.ts';
export { ColumnCompression } from './parquet/adaptive-zstd.ts';
export { cutFooter } from './parquet/cut-footer.ts';
export { compressZstd } from './parquet/zstd.ts';
export { keyOfPath, partitionFolder, partitionId, pathOfKey } from './partition-value.ts';
export {
  CHECK_PREFIX,
  columnDefault,
  constraintsOf,
  generatedFields,
  GENERATION_EXPRESSION,
  generationExpression,
  type Constraint,
} from './constraints.ts';
export { CHANGE_FEED_PROPERTY, upgradedProtocol, VECTORS_PROPERTY } from './protocol.ts';
export { fileRetentionMs } from './table-properties.ts';
export { commonType, evolveSchema, type SchemaEvolution } from './schema-evolution.ts';
export {
  arrayOf,
  decimalShape,
  describeType,
  field,
  parseSchema,
  sameType,
  schemaString,
  type DeltaArray,
  type DeltaField,
  type DeltaStruct,
  type DeltaType,
} from './schema.ts';
export {
  dateText,
  decimalText,
  parseStatistics,
  statisticsJson,
  timestampText,
  truncatedMax,
  truncatedMin,
  type ColumnStatistics,
  type FileStatistics,
} from './statistics.ts';
export { TableState } from './table-state.ts';
export type { TableMoment } from './time-travel.ts';
export { keptFiles } from './vacuum/kept-files.ts';
export type { GarbageFile } from './vacuum/listed-garbage.ts';
export {
  vacuumTable,
  type VacuumMode,
  type VacuumOptions,
  type VacuumReport,
} from './vacuum/vacuum-table.ts';
