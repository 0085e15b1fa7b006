export { allowVectors } from './allow-vectors.ts';
export { CHANGE_TYPE, FEED_COLUMNS, uploadChangeFiles } from './change-files.ts';
export { columnCopy, type LakeObject } from './column-copy.ts';
export { Engine, type EngineOptions } from './engine.ts';
export { TARGET_FILE_BYTES, uploadEngineFiles, writePartitioned, type WriteOrder } from './engine-files.ts';
export type { EngineFile, EngineSession } from './engine-session.ts';
export {
  engineType,
  identifier,
  partitionConstant,
  readFiles,
  text,
  type PartitionFiles,
} from './engine-sql.ts';
export { engineStatistics, type EngineColumnStatistics } from './engine-statistics.ts';
export { OpenTable, type EngineTable, type NewFile } from './engine-table.ts';
export type { EngineVector } from './engine-vector.ts';
export { FileCache } from './file-cache.ts';
export { LocalFiles } from './local-files.ts';
export { isMarked, MARKED_ROWS, unmarkedRows } from './marked-rows-sql.ts';
export { commitMerge, replanned, type MergeChange, type MergeCommit } from './merge-commit.ts';
export { setProperties } from './table-properties.ts';
export { TableVectors } from './table-vectors.ts';
