import { rm } from 'node:fs/promises';
import type { Action } from '@hasivu/delta';
import type { PartitionFiles } from '../core/engine-sql.ts';
import { historyLayout } from '../core/history/history-layout.ts';
import { partitionAppId, seenAppIds } from '../core/offset-ledger.ts';
import type { ChangePosition, RowBatch } from '../core/row-batch.ts';
import type { FinishedFile } from '../core/row-file.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { count, type FlushTools } from './batch-flush.ts';
import type { HistoryStores } from './history-stores.ts';
import type { LakeTable } from './lake-table.ts';
import type { HistoryTable } from './topic-tables.ts';

/** A batch that the change log has. */
export interface LoggedBatch {
  readonly batch: RowBatch;
  readonly files: readonly FinishedFile[];
  /** The offsets that it ends at. */
  readonly txns: readonly Action[];
}

/** Applies a batch to those of the topic's histories that it goes to, one commit each. */
export async function applyToHistories(
  { batch, files, txns }: LoggedBatch,
  binding: TopicBinding,
  tables: { readonly log: LakeTable | null; readonly histories: readonly HistoryTable[] },
  tools: FlushTools,
): Promise<void> {
  const wanted = tables.histories.filter(({ bit }) => (batch.targets & bit) !== 0);
  if (wanted.length === 0) return;
  const local: PartitionFiles[] = [];
  try {
    for (const { partitionValues, bytes } of files)
      local.push({ partitionValues, paths: [await tools.cache.scratch(tools.newId(), bytes)] });
    for (const history of wanted) {
      const before = offsetsOf(history.table, binding.topic);
      const flushed = tools.metrics.flushSeconds.startTimer({ layer: 'history' });
      const commit = await tools.historyMerger.apply(
        storesOf(history, tables),
        {
          layout: historyLayout(history.target.form, batch.shape),
          files: local,
          truncatedAt: batch.truncatedAt,
          unavailable: batch.unavailable,
          seen: seenBy(history.table, binding.topic),
          before,
          upTo: new Map([...before, ...batch.offsets]),
        },
        (seen) => [...txns, ...seenActions(binding.topic, seen)],
      );
      count(tools.metrics, binding, 'history', commit.filesAdded, commit.bytesAdded);
      flushed();
      tools.failpoint('history-committed');
    }
  } finally {
    for (const path of local.flatMap((group) => group.paths)) await rm(path, { force: true });
  }
}

export function storesOf(
  { target, table }: HistoryTable,
  { log, histories }: { readonly log: LakeTable | null; readonly histories: readonly HistoryTable[] },
): HistoryStores {
  if (log === null) throw new TypeError('a history without its change log');
  const stores = { target: table, rows: target.rows, log };
  if (target.form.type !== 4) return { ...stores, open: table, closed: target.rows === 'all' ? table : null };
  const partner = histories.find((other) => other.target.form === target.form && other.table !== table);
  if (partner === undefined) throw new TypeError('a history of type 4 without its other table');
  return target.rows === 'open'
    ? { ...stores, open: table, closed: partner.table }
    : { ...stores, open: partner.table, closed: table };
}

/** The greatest position that the table has seen, or null. */
export function seenBy(table: LakeTable, topic: string): ChangePosition | null {
  const ids = seenAppIds(topic);
  const lsn = table.txnOf(ids.lsn);
  return lsn < 0 ? null : { lsn: BigInt(lsn), seq: table.txnOf(ids.seq) };
}

/** Last offset per Kafka partition that the table has. */
export function offsetsOf(table: LakeTable, topic: string): Map<number, number> {
  const prefix = partitionAppId(topic, '');
  const offsets = new Map<number, number>();
  for (const [appId, { version }] of table.delta.state.txns) {
    const partition = appId.startsWith(prefix) ? appId.slice(prefix.length) : '';
    if (/^\d+$/.test(partition)) offsets.set(Number(partition), version);
  }
  return offsets;
}

export function seenActions(topic: string, { lsn, seq }: ChangePosition): Action[] {
  const ids = seenAppIds(topic);
  const lastUpdated = Date.now();
  return [
    { txn: { appId: ids.lsn, version: Number(lsn), lastUpdated } },
    { txn: { appId: ids.seq, version: seq, lastUpdated } },
  ];
}
