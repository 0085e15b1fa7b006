import { rm } from 'node:fs/promises';
import type { Action } from '@hasivu/delta';
import { partitionAppId, truncateAppIds } from '../core/offset-ledger.ts';
import { isAfter, TARGET, type ChangePosition, type RowBatch } from '../core/row-batch.ts';
import type { FinishedFile } from '../core/row-file.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import type { PartitionFiles } from '../core/engine-sql.ts';
import type { SinkMetrics } from '../metrics.ts';
import type { Failpoint } from './failpoint.ts';
import type { FileCache } from './file-cache.ts';
import { applyToHistories } from './history-flush.ts';
import type { HistoryMerger } from './history-merger.ts';
import type { LakeTable } from './lake-table.ts';
import type { StateMerger } from './state-merger.ts';
import type { HistoryTable } from './topic-tables.ts';

export interface FlushTools {
  readonly cache: FileCache;
  readonly merger: StateMerger;
  readonly historyMerger: HistoryMerger;
  readonly metrics: SinkMetrics;
  readonly failpoint: Failpoint;
  readonly newId: () => string;
}

export interface FlushTables {
  readonly log: LakeTable | null;
  readonly state: LakeTable | null;
  readonly histories: readonly HistoryTable[];
}

/**
 * Makes one batch durable: first in the change log, then in the state table and the histories. Each commit carries its
 * own offsets, so a crash between two leaves one behind, and the next start gives it what it lacks.
 */
export async function flushBatch(
  batch: RowBatch,
  binding: TopicBinding,
  tables: FlushTables,
  tools: FlushTools,
): Promise<void> {
  const files = batch.finish();
  if ((batch.targets & TARGET.log) !== 0 && tables.log !== null)
    await appendToLog(batch, files, binding, tables.log, tools);
  if ((batch.targets & TARGET.state) !== 0 && tables.state !== null)
    await applyToState(batch, files, binding, tables.state, tools);
  if (tables.log !== null) await applyToHistories(batch, files, binding, tables, tools);
}

async function appendToLog(
  batch: RowBatch,
  files: readonly FinishedFile[],
  binding: TopicBinding,
  table: LakeTable,
  tools: FlushTools,
): Promise<void> {
  const flushed = tools.metrics.flushSeconds.startTimer({ layer: 'log' });
  const uploads = await Promise.all(files.map((file) => table.upload(file)));
  tools.failpoint('log-uploaded');
  const committed = tools.metrics.commitSeconds.startTimer({ layer: 'log' });
  await table.delta.commit({
    actions: [...uploads.map(({ add }) => ({ add })), ...offsetActions(batch, binding)],
    operation: 'STREAMING UPDATE',
    operationMetrics: { numOutputRows: String(batch.rows), numAddedFiles: String(files.length) },
  });
  committed();
  flushed();
  tools.failpoint('log-committed');
  count(
    tools.metrics,
    binding,
    'log',
    files.length,
    files.reduce((sum, file) => sum + file.bytes.byteLength, 0),
  );
}

async function applyToState(
  batch: RowBatch,
  files: readonly FinishedFile[],
  binding: TopicBinding,
  table: LakeTable,
  tools: FlushTools,
): Promise<void> {
  const flushed = tools.metrics.flushSeconds.startTimer({ layer: 'state' });
  const known = knownTruncate(table, binding.topic);
  const truncates = batch.truncatedAt !== null && (known === null || isAfter(batch.truncatedAt, known));
  const local: PartitionFiles[] = [];
  for (const file of files) {
    local.push({
      partitionValues: file.partitionValues,
      paths: [await tools.cache.scratch(tools.newId(), file.bytes)],
    });
  }
  try {
    const commit = await tools.merger.apply(table, {
      shape: batch.shape,
      files: local,
      truncatedAt: truncates ? batch.truncatedAt : known,
      truncates,
      unavailable: [...batch.unavailable],
      vectors: binding.vectors,
      txns: [
        ...offsetActions(batch, binding),
        ...(truncates ? truncateActions(batch.truncatedAt, binding.topic) : []),
      ],
    });
    count(tools.metrics, binding, 'state', commit.filesAdded, commit.bytesAdded);
  } finally {
    for (const path of local.flatMap((group) => group.paths)) await rm(path, { force: true });
  }
  flushed();
  tools.failpoint('state-committed');
}

function offsetActions(batch: RowBatch, binding: TopicBinding): Action[] {
  const lastUpdated = Date.now();
  return [...batch.offsets].map(([partition, offset]) => ({
    txn: { appId: partitionAppId(binding.topic, partition), version: offset, lastUpdated },
  }));
}

function truncateActions(position: ChangePosition | null, topic: string): Action[] {
  if (position === null) return [];
  const ids = truncateAppIds(topic);
  const lastUpdated = Date.now();
  return [
    { txn: { appId: ids.lsn, version: Number(position.lsn), lastUpdated } },
    { txn: { appId: ids.seq, version: position.seq, lastUpdated } },
  ];
}

function knownTruncate(table: LakeTable, topic: string): ChangePosition | null {
  const ids = truncateAppIds(topic);
  const lsn = table.txnOf(ids.lsn);
  return lsn < 0 ? null : { lsn: BigInt(lsn), seq: table.txnOf(ids.seq) };
}

export function count(
  metrics: SinkMetrics,
  binding: TopicBinding,
  layer: 'log' | 'state' | 'history',
  files: number,
  bytes: number,
): void {
  metrics.commits.inc({ table: binding.table, layer });
  metrics.files.inc({ table: binding.table, layer }, files);
  metrics.bytes.inc({ table: binding.table, layer }, bytes);
}
