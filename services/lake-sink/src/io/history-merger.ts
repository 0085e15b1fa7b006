import { isPlatformError } from '@hasivu/errors';
import { partitionId, keyOfPath, readEverything, removalOf, type Action, type AddFile } from '@hasivu/delta';
import { rowsSql, versionsSql, type FollowedColumn } from '../core/history/fold-sql.ts';
import { historyPartitions, rowFieldsOf, type HistoryLayout } from '../core/history/history-layout.ts';
import { versionsOf } from '../core/history/history-relations.ts';
import {
  HISTORY_RELATIONS,
  newestValuesSql,
  nextVersionsSql,
  rewrittenOpenFilesSql,
  storedHistoryColumns,
  touchedClosedFilesSql,
  type HistorySide,
} from '../core/history/output-sql.ts';
import type { ChangePosition } from '../core/row-batch.ts';
import { filesInRange, smallFilesToMerge } from '../core/state-plan.ts';
import { uploadEngineFiles, writePartitioned } from './engine-files.ts';
import type { Engine, EngineSession } from './engine.ts';
import type { Failpoint } from './failpoint.ts';
import type { FileCache } from './file-cache.ts';
import { takeIn, type HistoryBatch } from './history-intake.ts';
import { filesOfSide, type HistoryStores } from './history-stores.ts';
import type { LakeTable } from './lake-table.ts';
import { fetchedFiles, NO_FILES, type FetchedFiles } from './fetched-files.ts';
import { keyRangeOf } from './key-range.ts';

export interface HistoryCommit {
  readonly version: number;
  readonly filesAdded: number;
  readonly filesRemoved: number;
  readonly bytesAdded: number;
}

/** Tries of one batch when others rewrite files of the table meanwhile (a compactor). */
const MAX_TRIES = 5;

/** Applies batches of changes to the tables of a history. */
export class HistoryMerger {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #failpoint: Failpoint;

  constructor(engine: Engine, cache: FileCache, failpoint: Failpoint) {
    this.#engine = engine;
    this.#cache = cache;
    this.#failpoint = failpoint;
  }

  /**
   * @param txns committed with the files: the offsets the batch ends at, and the greatest position seen
   * @throws LAKE_FENCED, LAKE_COMMIT_CONFLICT, LAKE_MERGE_FAILED; then nothing of the batch is visible
   */
  async apply(
    stores: HistoryStores,
    batch: HistoryBatch,
    txns: (seen: ChangePosition) => readonly Action[],
  ): Promise<HistoryCommit> {
    const doing = `merging a batch into ${stores.target.root}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#engine.exclusively(doing, async (session) => {
          try {
            return await this.#merge(session, stores, batch, txns);
          } finally {
            for (const sql of HISTORY_RELATIONS) await session.run(sql);
          }
        });
      } catch (error) {
        if (!isPlatformError(error) || error.code !== 'LAKE_COMMIT_CONFLICT' || attempt === MAX_TRIES)
          throw error;
        await stores.target.delta.refresh();
      }
    }
  }

  async #merge(
    session: EngineSession,
    stores: HistoryStores,
    batch: HistoryBatch,
    txns: (seen: ChangePosition) => readonly Action[],
  ): Promise<HistoryCommit> {
    const { target } = stores;
    const live = [...target.delta.state.files.values()];
    const taken = await takeIn(session, this.#cache, stores, batch);
    await session.run(versionsSql(batch.layout, taken.followed));
    await session.run(rowsSql(batch.layout, taken.followed));
    if (batch.layout.overwritten.length > 0) await session.run(newestValuesSql(batch.layout, taken.followed));
    const change: Change = { adds: [], removed: [] };
    if (stores.rows !== 'closed') {
      const rewritten = await pick(session, taken.open, rewrittenOpenFilesSql(batch.layout));
      await this.#write(session, stores, batch.layout, taken.followed, 'open', rewritten, change);
    }
    if (stores.rows !== 'open') {
      const rewritten = await this.#touchedClosed(session, stores, batch.layout, taken.isRewound);
      await this.#write(session, stores, batch.layout, taken.followed, 'closed', rewritten, change);
    }
    this.#failpoint('history-uploaded');
    const { adds, removed } = change;
    const nowMs = Date.now();
    const version = await target.delta.commit({
      actions: [
        ...removed.map((file) => removalOf(file, nowMs)),
        ...adds.map((add) => ({ add })),
        ...txns(taken.seen),
      ],
      operation: 'MERGE',
      operationMetrics: {
        numTargetFilesAdded: String(adds.length),
        numTargetFilesRemoved: String(removed.length),
      },
      reads: readEverything(live.map((file) => file.path)),
      isolation: 'serializable',
    });
    for (const file of removed) await this.#cache.forget(`${target.root}/${keyOfPath(file.path)}`);
    await this.#cache.trim();
    const bytesAdded = adds.reduce((sum, add) => sum + add.size, 0);
    return { version, filesAdded: adds.length, filesRemoved: removed.length, bytesAdded };
  }

  /** Closed versions change only where a key is told anew or a column is overwritten in all of its versions. */
  async #touchedClosed(
    session: EngineSession,
    stores: HistoryStores,
    layout: HistoryLayout,
    isRewound: boolean,
  ): Promise<AddFile[]> {
    if (stores.closed === null || (!isRewound && layout.overwritten.length === 0)) return [];
    const range = await keyRangeOf(session, layout.shape, 'hist_event');
    if (range === null) return [];
    const local = await fetchedFiles(
      stores.closed,
      this.#cache,
      filesInRange(filesOfSide(stores, 'closed'), range),
    );
    if (local.groups.length === 0) return [];
    return pick(session, local, touchedClosedFilesSql(layout, versionsOf(layout, local.groups)));
  }

  /** Writes one side's rewritten files and new versions. */
  async #write(
    session: EngineSession,
    stores: HistoryStores,
    layout: HistoryLayout,
    followed: readonly FollowedColumn[],
    side: HistorySide,
    touched: readonly AddFile[],
    change: Change,
  ): Promise<void> {
    const { target, rows } = stores;
    const rewritten = withSmallFiles(target, filesOfSide(stores, side), touched);
    const local = await fetchedFiles(target, this.#cache, rewritten);
    const existing = rewritten.length === 0 ? null : versionsOf(layout, local.groups);
    await session.run(nextVersionsSql(layout, { rows, side, followed, existing }));
    const { partitions, key } = layout.shape;
    const written = await writePartitioned(session, 'hist_next', `history-${side}`, {
      stored: storedHistoryColumns(layout, rows),
      partitions,
      orderBy: [...key, '_from_lsn', '_from_seq'],
    });
    // The side is a partition of the table, but not one that the rows are split by: each side is written by itself.
    const all = historyPartitions(layout, rows);
    const shift = all.length - partitions.length;
    const named = written.map((file) => ({
      ...file,
      partitionTexts: new Map(
        all.map((_, at) => [
          `__p${at}`,
          at < shift ? String(side === 'open') : (file.partitionTexts.get(`__p${at - shift}`) ?? null),
        ]),
      ),
    }));
    change.adds.push(
      ...(await uploadEngineFiles(target, this.#cache, named, rowFieldsOf(layout, rows), all)),
    );
    change.removed.push(...rewritten);
  }
}

interface Change {
  readonly adds: AddFile[];
  readonly removed: AddFile[];
}

async function pick(session: EngineSession, local: FetchedFiles, sql: string): Promise<AddFile[]> {
  if (local === NO_FILES) return [];
  const rows = await session.rows(sql);
  return rows.map((row) => local.at(row['__file']));
}

function withSmallFiles(table: LakeTable, files: readonly AddFile[], touched: readonly AddFile[]): AddFile[] {
  const rewritten = new Set(touched);
  const byPartition = Map.groupBy(files, (file) => partitionId(table.partitionColumns, file.partitionValues));
  for (const group of byPartition.values())
    for (const file of smallFilesToMerge(group, (other) => rewritten.has(other))) rewritten.add(file);
  return [...rewritten];
}
