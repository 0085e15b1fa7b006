import type { Action, AddFile } from '@hasivu/delta';
import {
  commitMerge,
  type Engine,
  type EngineSession,
  type FileCache,
  type MergeCommit,
  replanned,
  uploadEngineFiles,
  writePartitioned,
} from '@hasivu/lake-engine';
import { rowsSql, versionsSql, type FollowedColumn } from '../core/history/fold-sql.ts';
import { withGrownHistory } from '../core/history/grown-history.ts';
import { historyPartitions, rowFieldsOf, type HistoryLayout } from '../core/history/history-layout.ts';
import { versionsOf } from '../core/history/history-relations.ts';
import {
  newestValuesSql,
  nextVersionsSql,
  rewrittenOpenFilesSql,
  storedHistoryColumns,
  touchedClosedFilesSql,
  type HistorySide,
} from '../core/history/output-sql.ts';
import type { ChangePosition } from '../core/change-position.ts';
import { filesInRange, withSmallFiles } from '../core/state-plan.ts';
import type { Failpoint } from './failpoint.ts';
import { takeIn, type HistoryBatch } from './history-intake.ts';
import { filesOfSide, type HistoryStores } from './history-stores.ts';
import { fetchedFiles, NO_FILES, type FetchedFiles } from './fetched-files.ts';
import { keyRangeOf } from './key-range.ts';

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
  ): Promise<MergeCommit> {
    const doing = `merging a batch into ${stores.target.root}`;
    return await replanned(stores.target, () =>
      this.#engine.exclusively(doing, (session) => this.#merge(session, stores, batch, txns)),
    );
  }

  async #merge(
    session: EngineSession,
    stores: HistoryStores,
    sent: HistoryBatch,
    txns: (seen: ChangePosition) => readonly Action[],
  ): Promise<MergeCommit> {
    const { target } = stores;
    const layout = withGrownHistory(sent.layout, stores.rows, target.delta.state.schema);
    const batch = { ...sent, layout };
    // Values are lent by the other table too, which its writer may have filled meanwhile.
    if (layout !== sent.layout)
      for (const other of [stores.open, stores.closed])
        if (other?.exists === true && other !== target) await other.delta.refresh();
    const live = [...target.delta.state.files.keys()];
    const taken = await takeIn(session, this.#cache, stores, batch);
    const lender = stores.rows === 'open' ? 'open' : 'closed';
    await session.run(versionsSql(layout, taken.followed, taken.isRewound ? lender : null));
    await session.run(rowsSql(layout, taken.followed));
    if (layout.overwritten.length > 0) await session.run(newestValuesSql(layout, taken.followed));
    const change: Change = { adds: [], removed: [] };
    if (stores.rows !== 'closed') {
      const rewritten = await pick(session, taken.open, rewrittenOpenFilesSql(layout));
      await this.#write(session, stores, layout, taken.followed, 'open', rewritten, change);
    }
    if (stores.rows !== 'open') {
      const rewritten = await this.#touchedClosed(session, stores, layout, taken.isRewound);
      await this.#write(session, stores, layout, taken.followed, 'closed', rewritten, change);
    }
    this.#failpoint('history-uploaded');
    return await commitMerge(target, this.#cache, { live, ...change, actions: txns(taken.seen) });
  }

  /** Closed versions change only where a key is told anew or a column is overwritten in all of its versions. */
  async #touchedClosed(
    session: EngineSession,
    stores: HistoryStores,
    layout: HistoryLayout,
    isRewound: boolean,
  ): Promise<AddFile[]> {
    if (stores.closed === null || (!isRewound && layout.overwritten.length === 0)) return [];
    const range = await keyRangeOf(session, layout.shape, 'hist_event', stores.closed);
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
    const rewritten = [...withSmallFiles(filesOfSide(stores, side), target.partitionKeys, touched)];
    const local = await fetchedFiles(target, this.#cache, rewritten);
    const existing = rewritten.length === 0 ? null : versionsOf(layout, local.groups);
    await session.run(nextVersionsSql(layout, { rows, side, followed, existing }));
    const { partitions, key } = layout.shape;
    const written = await writePartitioned(session, 'hist_next', `history-${side}`, {
      stored: storedHistoryColumns(layout, rows),
      partitions,
      orderBy: [...key, '_from_lsn', '_from_seq'],
      codec: target.codec,
      columns: target.delta.state.columns,
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
