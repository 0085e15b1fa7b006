import { isPlatformError } from '@hasivu/errors';
import { readEverything, removalOf, type Action, type AddFile } from '@hasivu/delta';
import type { FileCache } from './file-cache.ts';
import type { EngineTable } from './engine-table.ts';
import { LocalFiles } from './local-files.ts';

/** What became of a batch that was merged into a table. */
export interface MergeCommit {
  readonly version: number;
  readonly filesAdded: number;
  readonly filesRemoved: number;
  readonly bytesAdded: number;
}

export interface MergeChange {
  /** Paths of the files that were live when the merge was planned. */
  readonly live: readonly string[];
  readonly removed: readonly AddFile[];
  readonly adds: readonly AddFile[];
  /** Committed with the files. */
  readonly actions: readonly Action[];
  /** False where the files hold other files' rows and no changed one. */
  readonly dataChange?: boolean;
  /** The new rows were held against what the table declares of its rows. */
  readonly enforcesConstraints?: boolean;
  readonly metrics?: Readonly<Record<string, string>>;
}

/**
 * Tries of one batch when others rewrite files of the table meanwhile. A compactor runs out of files to rewrite while no
 * batch comes through, so what keeps a batch from it for longer is no compactor.
 */
const MAX_TRIES = 20;

/** Plans a merge again on the table's new state where somebody else's commit came first. */
export async function replanned<T>(
  table: EngineTable,
  merge: () => Promise<T>,
  tries = MAX_TRIES,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await merge();
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'LAKE_COMMIT_CONFLICT' || attempt === tries) throw error;
      await table.delta.refresh();
    }
  }
}

/** Commits a merge, which has read the whole table, and makes room in the cache. @throws LAKE_FENCED, LAKE_COMMIT_CONFLICT */
export async function commitMerge(
  table: EngineTable,
  cache: FileCache,
  { live, removed, adds, actions, dataChange = true, enforcesConstraints = false, metrics }: MergeChange,
): Promise<MergeCommit> {
  const nowMs = Date.now();
  const version = await table.delta.commit({
    actions: [
      ...removed.map((file) => removalOf(file, nowMs, dataChange)),
      ...adds.map((add) => ({ add: dataChange ? add : { ...add, dataChange } })),
      ...actions,
    ],
    operation: 'MERGE',
    operationMetrics: {
      numTargetFilesAdded: String(adds.length),
      numTargetFilesRemoved: String(removed.length),
      ...metrics,
    },
    reads: readEverything(live),
    isolation: 'serializable',
    enforcesConstraints,
  });
  await new LocalFiles(table, cache).forget(removed);
  await cache.trim();
  const bytesAdded = adds.reduce((sum, add) => sum + add.size, 0);
  return { version, filesAdded: adds.length, filesRemoved: removed.length, bytesAdded };
}
