import { rm } from 'node:fs/promises';
import type { ColumnMapping } from '@hasivu/delta';
import type { FileCache, NewFile, PartitionFiles, Room } from '@hasivu/lake-engine';
import { truncateAppIds } from '../core/offset-ledger.ts';
import { isAfter } from '../core/change-position.ts';
import { TARGET, type RowBatch } from '../core/row-batch.ts';
import { isShattered } from '../core/shattered-flush.ts';
import type { FinishedFile } from '../core/row-file.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { stateShape } from '../core/table-shape.ts';
import { offsetActions, positionActions } from '../core/txn-actions.ts';
import { countCommit, type SinkMetrics } from '../metrics.ts';
import type { Failpoint } from './failpoint.ts';
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
  /** Asked before anything of a batch is written. */
  readonly room: Room;
  /** Told of a flush that fell apart into many small files. */
  readonly onShattered: (table: string, files: number, rows: number) => void;
}

export interface FlushTables {
  readonly log: LakeTable | null;
  readonly state: LakeTable | null;
  readonly histories: readonly HistoryTable[];
}

/**
 * Makes one batch durable: first in the change log, then in the state table and the histories. Each commit carries its
 * own offsets, so a crash between two leaves one behind, and the next start gives it what it lacks. Waits for room in
 * the lake before anything is stored.
 */
export async function flushBatch(
  batch: RowBatch,
  binding: TopicBinding,
  tables: FlushTables,
  tools: FlushTools,
): Promise<void> {
  const files = batch.finish();
  const release = await tools.room.admit(bytesOf(files) * tablesOf(batch, tables));
  try {
    await writeFlush(batch, files, binding, tables, tools);
  } finally {
    release();
  }
}

async function writeFlush(
  batch: RowBatch,
  files: readonly FinishedFile[],
  binding: TopicBinding,
  tables: FlushTables,
  tools: FlushTools,
): Promise<void> {
  const { log, state } = tables;
  if ((batch.targets & TARGET.log) !== 0 && log !== null)
    await appendToLog(batch, files, binding, log, tools);
  if ((batch.targets & ~TARGET.log) === 0) return;
  const local = await scratchFiles(files, batch.columns, tools);
  try {
    if ((batch.targets & TARGET.state) !== 0 && state !== null)
      await applyToState(batch, local, binding, state, tools);
    if (log !== null) await applyToHistories(batch, local, binding, tables, tools);
  } finally {
    for (const path of local.flatMap(({ paths }) => paths)) await rm(path, { force: true });
  }
}

/** How many tables get the batch's rows. */
function tablesOf({ targets }: RowBatch, { histories }: FlushTables): number {
  const named = [TARGET.log, TARGET.state, ...histories.map(({ bit }) => bit)];
  return named.filter((bit) => (targets & bit) !== 0).length;
}

function bytesOf(files: readonly FinishedFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes.byteLength, 0);
}

/** The batch's rows on local disk, for the engine. */
async function scratchFiles(
  files: readonly FinishedFile[],
  columns: ColumnMapping,
  tools: FlushTools,
): Promise<PartitionFiles[]> {
  const local: PartitionFiles[] = [];
  for (const { partitionValues, bytes } of files)
    local.push({ partitionValues, columns, paths: [await tools.cache.scratch(tools.newId(), bytes)] });
  return local;
}

async function appendToLog(
  batch: RowBatch,
  files: readonly FinishedFile[],
  binding: TopicBinding,
  table: LakeTable,
  tools: FlushTools,
): Promise<void> {
  const flushed = tools.metrics.flushSeconds.startTimer({ layer: 'log' });
  const uploads = await Promise.all(files.map((file) => table.upload(storedFile(file, batch.columns))));
  tools.failpoint('log-uploaded');
  const committed = tools.metrics.commitSeconds.startTimer({ layer: 'log' });
  await table.delta.commit({
    actions: [
      ...uploads.map(({ add }) => ({ add })),
      ...offsetActions(binding.topic, batch.offsets, Date.now()),
    ],
    operation: 'STREAMING UPDATE',
    operationMetrics: { numOutputRows: String(batch.rows), numAddedFiles: String(files.length) },
  });
  committed();
  flushed();
  tools.failpoint('log-committed');
  countCommit(tools.metrics, binding.table, 'log', { files: files.length, bytes: bytesOf(files) });
  if (isShattered(files.length, batch.rows)) tools.onShattered(binding.table, files.length, batch.rows);
}

function storedFile(file: FinishedFile, columns: ColumnMapping): NewFile {
  return { ...file, partitionValues: columns.storedValues(file.partitionValues) };
}

async function applyToState(
  batch: RowBatch,
  files: readonly PartitionFiles[],
  binding: TopicBinding,
  table: LakeTable,
  tools: FlushTools,
): Promise<void> {
  const flushed = tools.metrics.flushSeconds.startTimer({ layer: 'state' });
  const ids = truncateAppIds(binding.topic);
  const known = table.positionOf(ids);
  const { truncatedAt } = batch;
  const isNew = truncatedAt !== null && (known === null || isAfter(truncatedAt, known));
  const nowMs = Date.now();
  const { filesAdded, bytesAdded } = await tools.merger.apply(table, {
    shape: stateShape(batch.filledShape),
    files,
    truncatedAt: isNew ? truncatedAt : known,
    truncates: isNew,
    unavailable: [...batch.unavailable],
    vectors: binding.vectors,
    feed: binding.feed,
    checks: binding.checks,
    txns: [
      ...offsetActions(binding.topic, batch.offsets, nowMs),
      ...(isNew ? positionActions(ids, truncatedAt, nowMs) : []),
    ],
  });
  countCommit(tools.metrics, binding.table, 'state', { files: filesAdded, bytes: bytesAdded });
  flushed();
  tools.failpoint('state-committed');
}
