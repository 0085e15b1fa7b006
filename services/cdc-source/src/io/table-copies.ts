import { toLsn, type Lsn } from '@hasivu/change-events';
import type { KafkaCluster } from '@hasivu/kafka';
import {
  createSlot,
  quoteTable,
  WireConnection,
  type CatalogSession,
  type CatalogTable,
  type PostgresTarget,
  type PublishedTable,
} from '@hasivu/postgres';

import { initialProgress, type Progress } from '../core/progress-record.ts';
import type { StartPlan } from '../core/start-plan.ts';
import { tableId } from '../core/table-selection.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { DurableEvents } from './durable-events.ts';
import type { ProgressProducer } from './progress-producer.ts';
import { SnapshotCopier } from './snapshot-copier.ts';
import { publishedColumns, type TableCompiler } from './table-compiler.ts';

export interface CopiesOptions {
  readonly dependencies: SourceDependencies;
  readonly target: PostgresTarget;
  readonly session: CatalogSession;
  readonly cluster: KafkaCluster;
  readonly compiler: TableCompiler;
  readonly sink: ProgressProducer;
  readonly durable: DurableEvents;
  readonly plan: StartPlan;
  readonly tables: readonly CatalogTable[];
  readonly published: ReadonlyMap<string, PublishedTable>;
  /** Confirmed position of an existing slot. */
  readonly confirmedLsn: Lsn;
}

const REPORT_EVERY_MS = 5000;

/**
 * Brings every pending table to "done": creates the slot where there is none, and copies the tables inside the snapshot
 * that a slot exports, each in one Kafka transaction together with the progress that says so. After a crash, tables that
 * are done stay done and the others are copied under the snapshot of a temporary slot.
 */
export async function copyPendingTables(options: CopiesOptions): Promise<Progress> {
  const { plan, tables, confirmedLsn, dependencies } = options;
  const { progress } = plan;
  const { slot, snapshot } = dependencies.settings.postgres;
  const pending = tables.filter((table) => plan.pending.includes(tableId(table)));
  if (pending.length === 0 && progress) return progress;
  if (snapshot === 'never') return await startWithoutCopies(options, pending);
  // Schemas first: a registry that refuses one must not leave a slot behind that holds back the log.
  const { compiler, published } = options;
  for (const table of pending)
    await compiler.compile(await compiler.shapeOf(table, published.get(tableId(table))), table.identity);
  dependencies.logger.info(
    { tables: pending.map(tableId) },
    'copying tables: waiting for a consistent point',
  );
  const copier = await SnapshotCopier.open(options.target, pending.map(quoteTable).join(', '));
  try {
    const point = await takeSnapshot(options, copier);
    const covered = lastCovered(point);
    let state = progress ?? initialProgress(slot, plan.createSlot ? point : confirmedLsn);
    for (const [i, table] of pending.entries()) {
      dependencies.metrics.snapshotPending(pending.length - i);
      const done = new Map(state.tables).set(tableId(table), { lsn: covered, done: true, oid: table.oid });
      state = { ...state, tables: done, phase: i === pending.length - 1 ? 'streaming' : 'snapshot' };
      await copyTable(options, copier, table, state);
    }
    dependencies.metrics.snapshotPending(0);
    return state;
  } finally {
    await copier.close();
  }
}

/** Creates the slot (the permanent one or a temporary one) and lets the copier use its snapshot; returns its position. */
async function takeSnapshot(options: CopiesOptions, copier: SnapshotCopier): Promise<Lsn> {
  const { target, plan, dependencies } = options;
  const { slot } = dependencies.settings.postgres;
  // Its own name each time: the temporary slot of a life that was just killed may still be there.
  const name = plan.createSlot ? slot : `${slot.slice(0, 40)}_copy_${Date.now().toString(36)}`;
  const connection = await WireConnection.open(target, { replication: true });
  try {
    const created = await createSlot(connection, name, { temporary: !plan.createSlot });
    await copier.useSnapshot(created.snapshotName, lastCovered(created.consistentPoint));
    return created.consistentPoint;
  } finally {
    await connection.close();
  }
}

/**
 * Commits that begin at the consistent point or behind it are streamed. The copy's own position is the byte before: no
 * commit record begins there, so no streamed event can ever share a position with a copied row.
 */
function lastCovered(consistentPoint: Lsn): Lsn {
  return toLsn(consistentPoint - 1n);
}

async function copyTable(
  options: CopiesOptions,
  copier: SnapshotCopier,
  table: CatalogTable,
  finished: Progress,
): Promise<void> {
  const { compiler, sink, cluster, published, durable, dependencies } = options;
  const { settings, logger, metrics, signal } = dependencies;
  const name = tableId(table);
  const publishedAs = published.get(name);
  const compiled = await compiler.compile(await compiler.shapeOf(table, publishedAs), table.identity);
  const unfinished = { ...finished, phase: 'snapshot' as const, tables: without(finished.tables, name) };
  const startedMs = performance.now();
  let reportedMs = startedMs;
  const rows = await copier.copy({
    table: compiled,
    columns: publishedColumns(table, publishedAs),
    binary: settings.postgres.binary !== 'off',
    rowFilter: publishedAs?.rowFilter ?? null,
    lookup: compiler.types.lookup,
    startOver: await hasRecords(cluster, compiled.topic),
    sink,
    sendBytes: settings.sendBytes,
    rowsPerTransaction: settings.snapshotRowsPerTransaction,
    transactionMs: settings.transactionTimeoutMs / 2,
    commitPart: () => durable.commit(unfinished, 0),
    onProgress: (copied) => {
      dependencies.alive();
      if (performance.now() - reportedMs < REPORT_EVERY_MS) return;
      reportedMs = performance.now();
      logger.info({ table: name, rows: copied, estimatedRows: Math.max(table.estimatedRows, 0) }, 'copying');
    },
    signal,
  });
  await durable.commit(finished, 0);
  metrics.lagSeconds(0);
  logger.info({ table: name, rows, seconds: (performance.now() - startedMs) / 1000 }, 'table copied');
}

async function startWithoutCopies(
  options: CopiesOptions,
  pending: readonly CatalogTable[],
): Promise<Progress> {
  const { plan, target, durable, dependencies, confirmedLsn } = options;
  const { slot } = dependencies.settings.postgres;
  let from = confirmedLsn;
  if (plan.createSlot) {
    const connection = await WireConnection.open(target, { replication: true });
    try {
      from = (await createSlot(connection, slot, { temporary: false })).consistentPoint;
    } finally {
      await connection.close();
    }
  }
  const state = plan.progress ?? initialProgress(slot, from);
  const tables = new Map(state.tables);
  for (const table of pending) tables.set(tableId(table), { lsn: toLsn(0n), done: true, oid: table.oid });
  const started: Progress = { ...state, phase: 'streaming', tables };
  await durable.commit(started, 0);
  return started;
}

async function hasRecords(cluster: KafkaCluster, topic: string): Promise<boolean> {
  return [...(await cluster.endOffsets(topic)).values()].some((offset) => offset > 0n);
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  return new Map([...map].filter(([name]) => name !== key));
}
