import type { AddFile } from '@hasivu/delta';
import type { EngineSession, FileCache, LocalFiles, TableVectors } from '@hasivu/lake-engine';
import type { Failpoint } from './failpoint.ts';
import type { LakeTable } from './lake-table.ts';

/** Where the batch's changes are planned; the engine has them in `change_last`. */
export interface ChangePlace {
  readonly session: EngineSession;
  readonly table: LakeTable;
  readonly cache: FileCache;
  readonly local: LocalFiles;
  readonly vectors: TableVectors;
  readonly failpoint: Failpoint;
}

/**
 * The table's rows that the changes of `change_last` replace: those that have a changed key, are not marked deleted, and
 * are older than the change. Changes that the table already has, or something newer, are no longer in `change_last`.
 */
export interface StateMatches {
  rowsPerFile(): Promise<ReadonlyMap<AddFile, number>>;
  /** Numbers of the rows in these files. */
  rowsIn(files: readonly AddFile[]): Promise<ReadonlyMap<AddFile, readonly number[]>>;
  /**
   * Makes the table `state_match`: the key, the local file, the row. Of all of them, or of those at least whose
   * change lacks values.
   */
  tabulate(which: 'all' | 'lacking'): Promise<void>;
}
