import { isPlatformError } from '@hasivu/errors';
import type { MergeCommit, PartitionFiles } from '@hasivu/lake-engine';
import { historyLayout } from '../core/history/history-layout.ts';
import { halfway, type Offsets } from '../core/history/history-offsets.ts';
import { partitionAppId, seenAppIds } from '../core/offset-ledger.ts';
import type { Lacking } from '../core/change-rows.ts';
import type { ChangePosition } from '../core/change-position.ts';
import type { TableShape } from '../core/table-shape.ts';
import { offsetActions, positionActions } from '../core/txn-actions.ts';
import type { HistoryMerger } from './history-merger.ts';
import type { HistoryStores } from './history-stores.ts';
import type { LakeTable } from './lake-table.ts';
import type { HistoryTable } from './topic-tables.ts';

/** Changes that histories take in; of the files only what each of them lacks. */
export interface HistorySource {
  readonly topic: string;
  readonly shape: TableShape;
  /** Local files; asked for again by each table, since between two the cache may have made room. */
  readonly files: () => Promise<readonly PartitionFiles[]>;
  readonly lacking: Lacking;
  readonly truncatedAt: ChangePosition | null;
  readonly unavailable: Iterable<string>;
}

export interface AdvanceTools {
  readonly historyMerger: HistoryMerger;
  readonly onCommit: (history: HistoryTable, commit: MergeCommit) => void;
}

/** The tables of a topic that histories read. */
export interface HistoryTables {
  readonly log: LakeTable | null;
  readonly histories: readonly HistoryTable[];
}

/**
 * Brings the tables of one history to these offsets, in their order. Where the changes are too much for the engine's
 * memory (large values that many of them lack), half of them are committed first: for all of the tables, since
 * superseded versions are told from the current table at the same offsets.
 */
export async function advanceHistory(
  group: readonly HistoryTable[],
  upTo: Offsets,
  source: HistorySource,
  tables: HistoryTables,
  tools: AdvanceTools,
): Promise<void> {
  for (const [at, history] of group.entries()) {
    const before = offsetsOf(history.table, source.topic);
    try {
      await advanceTable(history, before, upTo, source, tables, tools);
    } catch (error) {
      const middle = halfway(before, upTo);
      if (!isTooLarge(error) || middle === null) throw error;
      const rest = group.slice(at);
      await advanceHistory(rest, middle, source, tables, tools);
      return advanceHistory(rest, upTo, source, tables, tools);
    }
  }
}

async function advanceTable(
  history: HistoryTable,
  before: Offsets,
  wanted: Offsets,
  source: HistorySource,
  tables: HistoryTables,
  tools: AdvanceTools,
): Promise<void> {
  const { topic, shape, lacking, truncatedAt, unavailable } = source;
  const news = [...wanted].filter(([partition, offset]) => offset > (before.get(partition) ?? -1));
  if (news.length === 0) return;
  const commit = await tools.historyMerger.apply(
    storesOf(history, tables),
    {
      files: await source.files(),
      lacking,
      truncatedAt,
      unavailable,
      layout: historyLayout(history.target.form, shape),
      seen: history.table.positionOf(seenAppIds(topic)),
      before,
      upTo: new Map([...before, ...news]),
    },
    (seen) => {
      const nowMs = Date.now();
      return [...offsetActions(topic, news, nowMs), ...positionActions(seenAppIds(topic), seen, nowMs)];
    },
  );
  tools.onCommit(history, commit);
}

/** Last offset per Kafka partition that a table has. */
export function offsetsOf(table: LakeTable, topic: string): Map<number, number> {
  const prefix = partitionAppId(topic, '');
  const offsets = new Map<number, number>();
  if (!table.exists) return offsets;
  for (const [appId, { version }] of table.delta.state.txns) {
    const partition = appId.startsWith(prefix) ? appId.slice(prefix.length) : '';
    if (/^\d+$/.test(partition)) offsets.set(Number(partition), version);
  }
  return offsets;
}

function isTooLarge(error: unknown): boolean {
  return (
    isPlatformError(error) &&
    error.code === 'LAKE_MERGE_FAILED' &&
    error.context['kind'] === 'Out of Memory Error'
  );
}

function storesOf({ target, table }: HistoryTable, { log, histories }: HistoryTables): HistoryStores {
  if (log === null) throw new TypeError('a history without its change log');
  const stores = { target: table, rows: target.rows, log };
  if (target.form.type !== 4) return { ...stores, open: table, closed: target.rows === 'all' ? table : null };
  const partner = histories.find((other) => other.target.form === target.form && other.table !== table);
  if (partner === undefined) throw new TypeError('a history of type 4 without its other table');
  return target.rows === 'open'
    ? { ...stores, open: table, closed: partner.table }
    : { ...stores, open: partner.table, closed: table };
}
