import { toLsn, type Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';
import {
  copyFormats,
  createSlot,
  quoteTable,
  WireConnection,
  type CatalogSession,
  type CatalogTable,
  type CreatedSlot,
  type PostgresTarget,
  type ServerFacts,
  type TableParts,
} from '@hasivu/postgres';

import { initialProgress, type Progress } from '../core/progress-record.ts';
import type { CapturedAs } from '../core/publication-plan.ts';
import { copyRecordKey, serializeCopyRecord } from '../core/snapshot/copy-record.ts';
import { planPass, tasksOf, withCompleteTables, type PlannedTable } from '../core/snapshot/pass-plan.ts';
import type { StartPlan } from '../core/start-plan.ts';
import { tableId } from '../core/table-selection.ts';
import { failpoint } from '../failpoints.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import { publishTables, tablesToCapture } from './captured-tables.ts';
import { closeProducers, openCopyProducers, type ProgressPlace } from './copy-producers.ts';
import { CopyReport } from './copy-report.ts';
import { passTableOf, writeTruncate } from './copied-table.ts';
import type { DurableEvents } from './durable-events.ts';
import { openOutbox } from './open-outbox.ts';
import type { ProgressProducer } from './progress-producer.ts';
import type { CopiedTable } from './range-copier.ts';
import { waitPatiently } from './lock-patience.ts';
import { SnapshotConnections } from './snapshot-connections.ts';
import { SnapshotPass } from './snapshot-pass.ts';
import type { SourceLineage } from './source-lineage.ts';
import { publishedColumns, type TableCompiler } from './table-compiler.ts';

const PUBLISH_WITHIN = '5s';

export interface CopiesOptions {
  readonly dependencies: SourceDependencies;
  readonly target: PostgresTarget;
  readonly session: CatalogSession;
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;
  readonly compiler: TableCompiler;
  readonly sink: ProgressProducer;
  readonly durable: DurableEvents;
  readonly lineage: SourceLineage | null;
  readonly place: ProgressPlace;
  readonly plan: StartPlan;
  readonly server: ServerFacts;
  readonly tables: readonly CatalogTable[];
  /** Confirmed position of an existing slot. */
  readonly confirmedLsn: Lsn;
}

/** What there is to copy, compiled. */
interface Pending {
  readonly catalog: CatalogTable;
  readonly copied: CopiedTable;
}

/**
 * Brings every pending table to "done": creates the slot where there is none, and copies the tables inside the snapshot
 * that a slot exports, range by range, over several connections. After a crash, ranges that are done stay done and the
 * others are copied under the snapshot of a temporary slot.
 */
export async function copyPendingTables(options: CopiesOptions): Promise<Progress> {
  const { dependencies } = options;
  const { slot, snapshot } = dependencies.settings.postgres;
  const known = options.plan.progress && withCompleteTables(options.plan.progress);
  const tables = options.tables.filter(
    (table) =>
      options.plan.pending.includes(tableId(table)) && known?.tables.get(tableId(table))?.done !== true,
  );
  if (snapshot === 'never') return await startWithoutCopies(options, tables);
  if (tables.length === 0 && known) return known.pass ? await endPass(options, known) : known;
  await using resources = new AsyncDisposableStack();
  const connections = await SnapshotConnections.open(
    dependencies,
    options.session,
    tables.map(quoteTable).join(', '),
  );
  resources.defer(() => connections.close());
  const pending = await lockedTables(options, tables);
  dependencies.logger.info({ tables: tables.map(tableId) }, 'copying tables: waiting for a consistent point');
  const { point, snapshotText } = await takeSnapshot(options, connections);
  const lsn = lastCovered(point);
  const parts = await connections.parts(tables.map((table) => table.oid));
  const planned = planPass(
    pending.map(({ catalog, copied }) => passTableOf(catalog, copied, parts)),
    known,
    { lsn, snapshot: snapshotText },
  );
  const goingOn = planned.filter((table) => !table.begins).map((table) => table.name);
  if (goingOn.length > 0) dependencies.logger.info({ tables: goingOn }, 'copies go on');
  const start = known ?? initialProgress(slot, options.plan.createSlot ? point : options.confirmedLsn);
  const producers = await openCopyProducers(options.place, connections.all.length);
  resources.defer(() => closeProducers(producers));
  const progress = await beginPass(options, start, lsn, planned, producers.length);
  return await endPass(
    options,
    await runPass(options, { connections, producers, planned, pending, parts, progress }),
  );
}

/**
 * The tables as they are under the lock, compiled: what was read of them before may be of another shape. Compiled before
 * there is a slot: a registry that refuses a schema must not leave one behind that holds back the log.
 */
async function lockedTables(
  options: CopiesOptions,
  before: readonly CatalogTable[],
): Promise<readonly Pending[]> {
  const { dependencies, session } = options;
  const tables = await tablesToCapture(dependencies, session);
  const published = await publishLocked(options, tables);
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const pending: Pending[] = [];
  for (const { oid, schema, table } of before) {
    const catalog = byOid.get(oid);
    if (!catalog) {
      throw new PlatformError('SOURCE_SNAPSHOT_FAILED', {
        doing: 'reading the tables to copy under their locks',
        why: `${schema}.${table} was dropped, renamed or made again meanwhile`,
      });
    }
    pending.push({ catalog, copied: await compiled(options, catalog, published.get(tableId(catalog))) });
  }
  return pending;
}

/** Whoever waits for a table that we hold must not keep us waiting for the publication: Postgres would see no deadlock. */
async function publishLocked(
  { dependencies, session, server }: CopiesOptions,
  tables: readonly CatalogTable[],
): Promise<ReadonlyMap<string, CapturedAs>> {
  const doing = 'publishing the tables under their locks';
  await session.query(doing, `SET lock_timeout = '${PUBLISH_WITHIN}'`);
  try {
    return await publishTables(dependencies, session, server, tables);
  } finally {
    await session.query(doing, 'SET lock_timeout = 0').catch(() => undefined);
  }
}

async function compiled(
  options: CopiesOptions,
  catalog: CatalogTable,
  publishedAs: CapturedAs | undefined,
): Promise<CopiedTable> {
  const { compiler, dependencies } = options;
  const columns = publishedColumns(catalog, publishedAs);
  const { lookup } = compiler.types;
  return {
    table: await compiler.compile(await compiler.shapeOf(catalog, publishedAs), catalog.identity),
    columns,
    formats:
      dependencies.settings.postgres.binary === 'off'
        ? new Uint8Array(columns.length)
        : copyFormats(columns, lookup),
    rowFilter: publishedAs?.rowFilter ?? null,
    isOutbox: dependencies.settings.postgres.outbox?.table === tableId(catalog),
    lookup,
  };
}

/** Creates the slot (the permanent one or a temporary one) and lets every connection import its snapshot. */
async function takeSnapshot(
  options: CopiesOptions,
  connections: SnapshotConnections,
): Promise<{ readonly point: Lsn; readonly snapshotText: string }> {
  const { target, plan, dependencies } = options;
  const { slot } = dependencies.settings.postgres;
  // Its own name each time: the temporary slot of a life that was just killed may still be there.
  const name = plan.createSlot ? slot : `${slot.slice(0, 40)}_copy_${Date.now().toString(36)}`;
  const connection = await WireConnection.open(target, { replication: true });
  try {
    const created = await createSlotPatiently(options, connection, name, connections.lockPid);
    failpoint('slot-created');
    const snapshotText = await connections.importSnapshot(created.snapshotName);
    return { point: created.consistentPoint, snapshotText };
  } finally {
    await connection.close();
  }
}

/** A slot begins where every transaction that is running now has ended. */
async function createSlotPatiently(
  { dependencies, session, plan }: CopiesOptions,
  connection: WireConnection,
  name: string,
  lockPid: number | null,
): Promise<CreatedSlot> {
  const { failover } = dependencies.settings.postgres;
  const pid = await connection.serverPid();
  const holding = lockPid === null ? [] : [lockPid];
  const doing = `creating the replication slot "${name}"`;
  return await waitPatiently({ dependencies, session, pid, holding, doing }, () =>
    createSlot(connection, name, {
      temporary: !plan.createSlot,
      failover: failover && plan.createSlot,
    }),
  );
}

/**
 * Commits that begin at the consistent point or behind it are streamed. The copy's own position is the byte before: no
 * commit record begins there, so no streamed event can ever share a position with a copied row.
 */
function lastCovered(consistentPoint: Lsn): Lsn {
  return toLsn(consistentPoint - 1n);
}

/** Commits the plan before the first range, with the truncate events of tables whose topics hold an earlier copy. */
async function beginPass(
  options: CopiesOptions,
  start: Progress,
  lsn: Lsn,
  planned: readonly PlannedTable[],
  connections: number,
): Promise<Progress> {
  const { cluster, compiler, sink, durable } = options;
  const tables = new Map(start.tables);
  for (const table of planned) {
    tables.set(table.name, { lsn: table.coveredLsn, done: false, oid: table.oid, copy: table.copy });
    const target = compiler.tables.get(table.name);
    if (target && table.begins && (await hasRecords(cluster, target.topic)))
      writeTruncate(target, table, sink);
  }
  const progress: Progress = { ...start, phase: 'snapshot', tables, pass: { lsn, connections } };
  // Empty records of this pass: a reader never has to look behind it.
  writeCopyRecords(options, connections, serializeCopyRecord(progress, new Map()));
  await durable.commit(progress, 0);
  failpoint('copy-planned');
  return progress;
}

interface RunningPass {
  readonly connections: SnapshotConnections;
  readonly producers: ConstructorParameters<typeof SnapshotPass>[0]['producers'];
  readonly planned: readonly PlannedTable[];
  readonly pending: readonly Pending[];
  readonly parts: TableParts;
  readonly progress: Progress;
}

async function runPass(options: CopiesOptions, pass: RunningPass): Promise<Progress> {
  const { dependencies, durable, lineage, place } = options;
  const { connections, producers, planned, pending, parts, progress } = pass;
  const tasks = [...tasksOf(planned)];
  return await new SnapshotPass({
    dependencies,
    openOutbox: (parts) => openOutbox(dependencies, options.cluster, options.registry, parts),
    progressTopic: place.topic,
    connections: connections.all,
    producers,
    durable,
    lineage,
    report: new CopyReport(dependencies, planned, tasks, parts.pageBytes),
    tables: planned,
    tasks,
    copied: new Map(pending.map(({ catalog, copied }) => [tableId(catalog), copied])),
    progress,
    interrupt: () => connections.interrupt(),
  }).run();
}

/** Every table is done: the records of the connections have nothing more to say. */
async function endPass(options: CopiesOptions, { pass, ...progress }: Progress): Promise<Progress> {
  const { durable, dependencies } = options;
  const ended: Progress = { ...progress, phase: 'streaming' };
  writeCopyRecords(options, pass?.connections ?? 0, null);
  await durable.commit(ended, 0);
  dependencies.metrics.lagSeconds(0);
  return ended;
}

function writeCopyRecords({ sink, place }: CopiesOptions, connections: number, record: Buffer | null): void {
  for (let i = 0; i < connections; i++) {
    const key = Buffer.from(copyRecordKey(place.slot, i));
    sink.append(place.topic, 0, key, 0, key.length, record, 0, record?.length ?? 0, Date.now());
  }
}

async function startWithoutCopies(
  options: CopiesOptions,
  pending: readonly CatalogTable[],
): Promise<Progress> {
  const { plan, target, durable, dependencies, confirmedLsn } = options;
  const { slot } = dependencies.settings.postgres;
  if (pending.length === 0 && plan.progress && !plan.progress.pass) return plan.progress;
  let from = confirmedLsn;
  if (plan.createSlot) {
    const connection = await WireConnection.open(target, { replication: true });
    try {
      from = (await createSlotPatiently(options, connection, slot, null)).consistentPoint;
    } finally {
      await connection.close();
    }
  }
  const { pass: _, ...state } = plan.progress ?? initialProgress(slot, from);
  const tables = new Map(state.tables);
  for (const table of pending) tables.set(tableId(table), { lsn: toLsn(0n), done: true, oid: table.oid });
  const started: Progress = { ...state, phase: 'streaming', tables };
  await durable.commit(started, 0);
  return started;
}

async function hasRecords(cluster: KafkaCluster, topic: string): Promise<boolean> {
  return [...(await cluster.endOffsets(topic)).values()].some((offset) => offset > 0n);
}
