import type { AddFile } from '@hasivu/delta';
import type { EngineSession, FileCache, PartitionFiles } from '@hasivu/lake-engine';
import {
  eventsSql,
  followedColumns,
  lackingColumnsSql,
  type FollowedColumn,
} from '../core/history/fold-sql.ts';
import type { HistoryLayout } from '../core/history/history-layout.ts';
import { filesFrom, filesWithDeaths } from '../core/history/history-plan.ts';
import type { Offsets } from '../core/history/history-offsets.ts';
import { changesUpTo, valuesViewSql, versionsOf } from '../core/history/history-relations.ts';
import {
  batchSql,
  deletedLaterSql,
  dropKnownChangesSql,
  lateKeysSql,
  openVersionsSql,
  rewindIntoClosedSql,
  rewindSql,
  splitClosedSql,
  suspectKeysSql,
  touchedOpenFilesSql,
} from '../core/history/intake-sql.ts';
import type { Lacking } from '../core/change-rows.ts';
import { isAfter, type ChangePosition } from '../core/change-position.ts';
import { filesInRange } from '../core/state-plan.ts';
import { filesOfSide, type HistoryStores } from './history-stores.ts';
import { fetchedFiles, NO_FILES, type FetchedFiles } from './fetched-files.ts';
import { keyRangeOf } from './key-range.ts';

/** One batch to be applied to a history. */
export interface HistoryBatch {
  readonly layout: HistoryLayout;
  /** Local files of the batch's rows. */
  readonly files: readonly PartitionFiles[];
  /** How it is told what its changes lack: files of the change log do not know. */
  readonly lacking: Lacking;
  /** A TRUNCATE that belongs to the batch, also one whose row came before there was a table. */
  readonly truncatedAt: ChangePosition | null;
  /** Columns that some change of the batch lacks. */
  readonly unavailable: Iterable<string>;
  /** The greatest position that the target has seen; null before the first. */
  readonly seen: ChangePosition | null;
  /** What the target has before this batch, and what it has with it; of the files, only changes between the two count. */
  readonly before: Offsets;
  readonly upTo: Offsets;
}

/** What a batch comes to before it is written: `hist_event` is filled. */
export interface TakenIn {
  readonly open: FetchedFiles;
  readonly followed: readonly FollowedColumn[];
  /** Some key is told anew from the log. */
  readonly isRewound: boolean;
  readonly seen: ChangePosition;
}

const START: ChangePosition = { lsn: 0n, seq: 0 };

/** Finds what the batch's changes meet: open versions, and for changes that came late what the log tells. */
export async function takeIn(
  session: EngineSession,
  cache: FileCache,
  stores: HistoryStores,
  batch: HistoryBatch,
): Promise<TakenIn> {
  const { layout } = batch;
  const changes = changesUpTo(layout, batch.files, batch.lacking, batch.upTo, batch.before);
  for (const sql of batchSql(layout, changes)) await session.run(sql);
  const truncated = await positions(session, 'hist_truncate', '__');
  const open = await touchedOpen(session, cache, stores, layout, truncated !== null);
  await session.run(openVersionsSql(layout, versionsOf(layout, open.groups), truncated?.max ?? null));
  await session.run(dropKnownChangesSql(layout));
  for (const sql of lateKeysSql(layout)) await session.run(sql);
  const known = later(batch.seen, batch.truncatedAt);
  await findDeletedLater(session, cache, stores, batch, known);
  const closedFrom = (lsn: bigint): Promise<FetchedFiles> => closedFiles(cache, stores, lsn);
  if (truncated !== null && known !== null && !isAfter(truncated.min, known)) {
    const closed = await closedFrom(truncated.min.lsn);
    if (closed !== NO_FILES) {
      const relations = [closed, open].map(({ groups }) => versionsOf(layout, groups)) as [string, string];
      for (const sql of splitClosedSql(layout, ...relations)) await session.run(sql);
    }
  }
  await session.run(rewindSql(layout));
  const late = await positions(session, 'hist_rewind', '__');
  const hit = late === null ? NO_FILES : await closedFrom(late.min.lsn);
  if (hit !== NO_FILES) await session.run(rewindIntoClosedSql(layout, versionsOf(layout, hit.groups)));
  const rewound = late === null ? null : await positions(session, 'hist_rewind', '__');
  const closed = rewound === null ? NO_FILES : await closedFrom(rewound.min.lsn);
  const closedRelation = closed === NO_FILES ? null : versionsOf(layout, closed.groups);
  const log = rewound === null ? NO_FILES : await logFiles(cache, stores, filesFromLsn(rewound.min.lsn));
  const { lacking: told } = batch;
  const files = {
    batch: batch.files,
    lacking: told,
    open: open.groups,
    closed: closed.groups,
    log: log.groups,
  };
  await session.run(valuesViewSql(layout, files));
  const logged = rewound === null ? null : changesUpTo(layout, log.groups, 'recorded', batch.upTo);
  for (const sql of eventsSql(layout, { log: logged, closed: closedRelation })) await session.run(sql);
  const lacking = new Set([...batch.unavailable, ...(layout.shape.unsent ?? [])]);
  if (logged !== null)
    for (const row of await session.rows(lackingColumnsSql(logged))) lacking.add(row['name'] as string);
  const newest = await positions(session, changes, '_');
  return {
    open,
    followed: followedColumns(layout, lacking),
    isRewound: rewound !== null,
    seen: later(known, newest?.max ?? null) ?? START,
  };
}

async function touchedOpen(
  session: EngineSession,
  cache: FileCache,
  stores: HistoryStores,
  layout: HistoryLayout,
  everyFile: boolean,
): Promise<FetchedFiles> {
  const files = filesOfSide(stores, 'open');
  if (everyFile) return files.length === 0 ? NO_FILES : fetchedFiles(stores.open, cache, files);
  const range = await keyRangeOf(session, layout.shape, 'hist_change', stores.open);
  const candidates = range === null ? [] : filesInRange(files, range);
  if (candidates.length === 0) return NO_FILES;
  const local = await fetchedFiles(stores.open, cache, candidates);
  const rows = await session.rows(touchedOpenFilesSql(layout, versionsOf(layout, local.groups)));
  const touched = rows.map((row) => local.at(row['__file']));
  return touched.length === 0 ? NO_FILES : fetchedFiles(stores.open, cache, touched);
}

async function findDeletedLater(
  session: EngineSession,
  cache: FileCache,
  stores: HistoryStores,
  { layout, before }: HistoryBatch,
  known: ChangePosition | null,
): Promise<void> {
  if (known === null) return;
  await session.run(suspectKeysSql(layout, known));
  const suspects = await positions(session, 'hist_suspect', '__');
  if (suspects === null) return;
  const log = await logFiles(cache, stores, (files) => filesWithDeaths(files, suspects.min));
  if (log === NO_FILES) return;
  const changes = changesUpTo(layout, log.groups, 'recorded', before);
  for (const sql of deletedLaterSql(layout, changes)) await session.run(sql);
}

/** Files with closed versions that end at or after the LSN. */
async function closedFiles(cache: FileCache, stores: HistoryStores, lsn: bigint): Promise<FetchedFiles> {
  if (stores.closed === null) return NO_FILES;
  const files = filesFrom(filesOfSide(stores, 'closed'), '_to_lsn', lsn);
  return files.length === 0 ? NO_FILES : fetchedFiles(stores.closed, cache, files);
}

async function logFiles(
  cache: FileCache,
  stores: HistoryStores,
  choose: (files: Iterable<AddFile>) => AddFile[],
): Promise<FetchedFiles> {
  const files = choose(stores.log.delta.state.files.values());
  return files.length === 0 ? NO_FILES : fetchedFiles(stores.log, cache, files);
}

function filesFromLsn(lsn: bigint): (files: Iterable<AddFile>) => AddFile[] {
  return (files) => filesFrom(files, '_lsn', lsn);
}

/** First and last position of a relation; null when it has no row. */
async function positions(
  session: EngineSession,
  relation: string,
  prefix: string,
): Promise<{ readonly min: ChangePosition; readonly max: ChangePosition } | null> {
  const place = `{l: ${prefix}lsn, s: ${prefix}seq}`;
  const [row] = await session.rows(
    `SELECT (min(${place})).l AS l0, (min(${place})).s AS s0, (max(${place})).l AS l1, (max(${place})).s AS s1 FROM ${relation}`,
  );
  if (row === undefined || row['l0'] === null) return null;
  const at = (lsn: unknown, seq: unknown): ChangePosition => ({
    lsn: BigInt(lsn as string),
    seq: Number(seq),
  });
  return { min: at(row['l0'], row['s0']), max: at(row['l1'], row['s1']) };
}

function later(left: ChangePosition | null, right: ChangePosition | null): ChangePosition | null {
  if (left === null || right === null) return left ?? right;
  return isAfter(right, left) ? right : left;
}
