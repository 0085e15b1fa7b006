import { tmpdir } from 'node:os';

import { formatLsn, toLsn, topicNames, type Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import { KafkaCluster, SchemaRegistry, TransactionalProducer } from '@hasivu/kafka';
import {
  dropSlot,
  pgoutputOptions,
  ReplicationStream,
  WireConnection,
  type CatalogSession,
  type StreamOptions,
} from '@hasivu/postgres';

import { streamsInBinary } from '../core/binary-choice.ts';
import { ChangeRouter } from '../core/change-router.ts';
import { columnRules } from '../core/column-rules.ts';
import { Errands } from '../core/errands.ts';
import type { MessageFallback } from '../core/message-router.ts';
import { wantsMessages } from '../core/message-selection.ts';
import { PositionLedger, type SealedProgress } from '../core/position-ledger.ts';
import { nextOrigin, type Gap, type Progress } from '../core/progress-record.ts';
import { planStart, type LostChanges } from '../core/start-plan.ts';
import { TraceContext, TRACE_PREFIX } from '../core/trace-context.ts';
import { tableId } from '../core/table-selection.ts';
import { StreamIntake } from '../core/stream-intake.ts';
import { failpoint } from '../failpoints.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { SourceSettings } from '../source-settings.ts';
import { settledProgress, type ProgressPlace } from './copy-producers.ts';
import { DurableEvents } from './durable-events.ts';
import { openLineage } from './lineage-producer.ts';
import { openMessageTopic } from './message-topic.ts';
import { openOutbox } from './open-outbox.ts';
import { ProgressProducer } from './progress-producer.ts';
import { openSchemaChangeTopic } from './schema-change-topic.ts';
import { SlotWatch } from './slot-watch.ts';
import { prepareSource, type PreparedSource } from './source-checks.ts';
import type { SourceLineage } from './source-lineage.ts';
import { SpoolDisk } from './spool-disk.ts';
import { StreamLoop } from './stream-loop.ts';
import { publishedColumns, TableCompiler } from './table-compiler.ts';
import { copyPendingTables } from './table-copies.ts';
import { openTransactionTopic } from './transaction-topic.ts';

/** One record per Kafka transaction: small segments, so that compaction keeps the topic to a few of them. */
const PROGRESS_TOPIC = {
  'segment.bytes': '16777216',
  'segment.ms': '3600000',
  'min.cleanable.dirty.ratio': '0.1',
};

/** What a run writes through. */
interface OpenedTarget {
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;
  readonly compiler: TableCompiler;
  readonly sink: ProgressProducer;
  readonly durable: DurableEvents;
  readonly lineage: SourceLineage | null;
}

/** How a run ended without an error: as it was told, or because the next one has to begin with new copies. */
export type RunEnd = 'stopped' | 'again';

/**
 * One life of the source, from durable progress to the stop signal or the first error: checks, copies, stream. It holds
 * no state that a new life needs, so every failure is answered by another run.
 * @param onStreaming called when the stream has begun: an outage before is over
 */
export async function runSource(dependencies: SourceDependencies, onStreaming: () => void): Promise<RunEnd> {
  await using resources = new AsyncDisposableStack();
  const prepared = await prepareSource(dependencies, resources);
  const watch = resources.use(
    new SlotWatch({ dependencies, session: prepared.session, serverVersion: prepared.server.version }),
  );
  const run = { ...dependencies, signal: AbortSignal.any([dependencies.signal, watch.signal]) };
  const opened = await openTarget(run, prepared, resources);
  let streaming = false;
  try {
    const progress = await startingProgress(run, prepared, opened);
    await stream(run, prepared, opened, progress, () => {
      streaming = true;
      onStreaming();
    });
    await opened.lineage?.abort();
  } catch (error) {
    const fatal = error instanceof PlatformError ? `${error.code} while ${error.doing}` : 'unexpected error';
    // An open transaction would hold back every reader of committed records until it times out. Where Kafka itself is the
    // trouble there is nobody to tell; the next start aborts it.
    if (!fatal.startsWith('KAFKA_')) await opened.sink.abort().catch(() => undefined);
    await (run.signal.aborted ? opened.lineage?.abort() : opened.lineage?.fail(fatal));
    const dropped = await watch.outcome();
    if (!dropped) throw error;
  }
  const dropped = await watch.outcome();
  if (!dropped) return 'stopped';
  // A copy that holds back more than the bound allows would do so again.
  if (!streaming || dependencies.settings.postgres.onLostSlot === 'stop') throw dropped;
  dependencies.logger.warn({ code: dropped.code, ...dropped.context }, dropped.message);
  return 'again';
}

async function openTarget(
  dependencies: SourceDependencies,
  prepared: PreparedSource,
  resources: AsyncDisposableStack,
): Promise<OpenedTarget> {
  const { settings, ready, metrics } = dependencies;
  const { kafka, postgres } = settings;
  ready(false, 'connecting to Kafka');
  const topics = topicNames(kafka.prefix);
  const clientId = transactionalIdOf(settings);
  const cluster = await KafkaCluster.connect(kafka, { clientId, logger: dependencies.logger });
  resources.defer(() => cluster.close());
  await cluster.ensureTopics([
    { topic: topics.progress, partitions: 1, compact: true, config: PROGRESS_TOPIC },
    ...prepared.tables.map((table) => ({ topic: topics.change(table.schema, table.table) })),
  ]);
  const producer = await TransactionalProducer.open(cluster, {
    transactionalId: clientId,
    transactionTimeoutMs: settings.transactionTimeoutMs,
  });
  const sink = new ProgressProducer(producer, topics.progress, postgres.slot);
  // An error while closing must not take the place of the error that ends the run.
  resources.defer(() => sink.close().catch(() => undefined));
  const registry = new SchemaRegistry(kafka.registry, kafka.registryAuth);
  const compiler = new TableCompiler({
    session: prepared.session,
    cluster,
    registry,
    prefix: kafka.prefix,
    database: prepared.server.database,
    rules: columnRules(postgres.columns),
  });
  const lineage = await openLineage(dependencies, cluster, resources);
  return {
    cluster,
    registry,
    compiler,
    sink,
    lineage,
    durable: new DurableEvents(sink, compiler, metrics, lineage),
  };
}

/** Who writes for this slot; the second one to open it fences the first. */
function transactionalIdOf({ kafka, postgres }: SourceSettings): string {
  return `${kafka.prefix}-cdc-source-${postgres.slot}`;
}

async function startingProgress(
  dependencies: SourceDependencies,
  prepared: PreparedSource,
  opened: OpenedTarget,
): Promise<Progress> {
  const { settings, signal, ready, logger } = dependencies;
  const { slot, onLostSlot } = settings.postgres;
  const { tables, slotFacts, history, session } = prepared;
  ready(false, 'reading the last progress');
  const place: ProgressPlace = {
    cluster: opened.cluster,
    topic: topicNames(settings.kafka.prefix).progress,
    slot,
    transactionalId: transactionalIdOf(settings),
    transactionTimeoutMs: settings.transactionTimeoutMs,
    signal,
  };
  const progress = await settledProgress(place);
  failpoint('progress-read');
  const oids = new Map(tables.map((table) => [tableId(table), table.oid]));
  const plan = planStart({ slot, slotFacts, progress, server: history, onLostSlot, tables: oids });
  logger.info(
    {
      slot,
      createSlot: plan.createSlot,
      pending: plan.pending,
      commitLsn: progress ? formatLsn(progress.position.commitLsn) : undefined,
      seq: progress?.position.seq,
    },
    progress ? 'resuming' : 'starting from nothing',
  );
  for (const table of tables) {
    const shape = await opened.compiler.shapeOf(table, prepared.published.get(tableId(table)));
    opened.lineage?.captured(opened.compiler.ruled(shape).schema, opened.compiler.topicOf(table));
  }
  opened.sink.origin = nextOrigin(progress?.origin, history, plan.lost && gapOf(plan.lost));
  if (plan.lost) await reportGap(dependencies, opened, plan.lost);
  if (plan.dropSlot) await dropSlot(session, slot, false);
  if (plan.pending.length > 0) ready(false, `copying ${plan.pending.length} tables`);
  return await copyPendingTables({
    ...prepared,
    ...opened,
    dependencies,
    session,
    place,
    plan,
    confirmedLsn: slotFacts?.confirmedLsn ?? toLsn(0n),
  });
}

function gapOf({ error, after }: LostChanges): Gap {
  return { code: error.code, after, atMs: Date.now() };
}

/** Never a silent gap: the log, a metric and the lineage say that changes are missing, the progress keeps it. */
async function reportGap(
  { logger, metrics }: SourceDependencies,
  opened: OpenedTarget,
  { error, after }: LostChanges,
): Promise<void> {
  const last = `${formatLsn(after.commitLsn)} (${after.seq})`;
  logger.warn(
    { code: error.code, after: last, ...error.context },
    `changes after ${last} were lost and every table is copied again, after ${error.message}`,
  );
  metrics.gap(error.code);
  await opened.lineage?.interrupted(`${error.code}: changes after ${last} were not captured`);
}

async function stream(
  dependencies: SourceDependencies,
  prepared: PreparedSource,
  opened: OpenedTarget,
  progress: Progress,
  onStreaming: () => void,
): Promise<void> {
  const { settings, signal, ready, logger } = dependencies;
  const { slot, publication } = settings.postgres;
  const { cluster, registry, sink, compiler, lineage } = opened;
  const captured = new Set(prepared.tables.map(tableId));
  const ledger = new PositionLedger(progress);
  const transactions = settings.postgres.transactionTopic
    ? await openTransactionTopic(cluster, registry, settings.kafka.prefix, {
        sink,
        ledger,
        restored: progress.transaction ?? null,
      })
    : null;
  const messages: MessageFallback = {
    wants: (prefix) => wantsMessages(settings.postgres.messages, prefix),
    handler: null,
  };
  const errands = new Errands();
  const outbox = openOutbox(dependencies, cluster, registry, { sink, ledger, errands });
  const { prefix } = settings.kafka;
  const schemaChanges = settings.postgres.schemaChanges
    ? await openSchemaChangeTopic(cluster, prefix, sink, signal)
    : null;
  const trace = settings.postgres.traceHeaders
    ? new TraceContext(`${prefix} ${prepared.server.database} ${slot}`)
    : null;
  const observers = [transactions, outbox, trace].filter((one) => one !== null);
  const { outbox: outboxConfig } = settings.postgres;
  const router = new ChangeRouter({
    ledger,
    sink,
    messageFallback: messages,
    transactions,
    schemaChanges,
    trace,
    observers,
    tapOf: (schema, table) => (tableId({ schema, table }) === outboxConfig?.table ? outbox : null),
    coverage: (schema, table): Lsn | null => {
      const name = tableId({ schema, table });
      return captured.has(name) ? (progress.tables.get(name)?.lsn ?? null) : null;
    },
  });
  const intake = new StreamIntake(ledger, () => router.nextReceipt(), settings.spoolMemoryBytes);
  const disk = new SpoolDisk(settings.postgres.spoolDirectory ?? tmpdir());
  if (trace) router.messages.register(TRACE_PREFIX, (message) => trace.message(message));
  const messagePrefix = outboxConfig?.messagePrefix;
  if (outbox && messagePrefix !== undefined)
    router.messages.register(messagePrefix, (message, seq) => outbox.message(message, seq, Date.now()));
  const connection = await WireConnection.open(prepared.target, { replication: true });
  const columns = prepared.tables.flatMap((table) =>
    publishedColumns(table, prepared.published.get(tableId(table))),
  );
  const binary = settings.postgres.binary === 'auto' && streamsInBinary(columns, compiler.types.lookup);
  const replication = await startReplication(connection, {
    slot,
    plugin: pgoutputOptions({
      ...settings.postgres,
      publication,
      binary,
      serverVersion: prepared.server.version,
    }),
    startLsn: progress.confirmLsn,
    statusIntervalMs: statusInterval(settings.statusIntervalMs, prepared.server.senderTimeoutMs),
    confirmedLsn: () => ledger.acknowledgeable,
  });
  const watch = watchLag(dependencies, () =>
    ledger.pendingEvents > 0 || ledger.inTransaction ? router.lastCommitTsMs : null,
  );
  try {
    onStreaming();
    ready(true);
    logger.info({ slot, from: formatLsn(progress.confirmLsn), binary }, 'streaming');
    await new StreamLoop({
      stream: replication,
      router,
      ledger,
      sink,
      errands,
      limits: settings.flush,
      sendBytes: settings.sendBytes,
      intake,
      disk,
      adopt: async () => {
        if (!router.pendingRelation) {
          const { database } = prepared.server;
          const events = await openMessageTopic(cluster, registry, settings.kafka.prefix, {
            sink,
            ledger,
            database,
          });
          messages.handler = (...args) => events.write(...args);
          return;
        }
        const table = await compiler.adopt(router.pendingRelation);
        lineage?.captured(table.schema, table.topic);
        logger.info({ table: tableId(table.schema), columns: table.schema.columns.length }, 'table shape');
        router.adopt(table);
        failpoint('relation-adopted');
      },
      commit: (sealed) =>
        commitStreamed(
          dependencies,
          opened,
          router,
          { ...progress, transaction: transactions?.unfinished ?? null },
          sealed,
        ),
      alive: () => {
        dependencies.alive();
        dependencies.metrics.spooled(intake.spooledBytes);
        assertLocked(prepared.session);
      },
      signal,
    }).run();
  } finally {
    clearInterval(watch);
    await disk.close();
    await replication.close();
  }
}

async function commitStreamed(
  dependencies: SourceDependencies,
  opened: OpenedTarget,
  router: ChangeRouter,
  progress: Progress,
  sealed: SealedProgress,
): Promise<void> {
  const transactions = router.transactions;
  const empty = opened.sink.bytes === 0;
  await opened.durable.commit({ ...progress, ...sealed, phase: 'streaming' }, transactions);
  router.transactions -= transactions;
  dependencies.metrics.lagSeconds(empty ? 0 : Math.max(0, (Date.now() - router.lastCommitTsMs) / 1000));
}

/** A connection that could not start to stream must not stay: it would count against max_wal_senders at every try. */
async function startReplication(
  connection: WireConnection,
  options: StreamOptions,
): Promise<ReplicationStream> {
  try {
    return await ReplicationStream.start(connection, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Well under the server's patience: a status has to arrive in time even if one is lost or late. */
function statusInterval(configuredMs: number, senderTimeoutMs: number): number {
  return senderTimeoutMs > 0 ? Math.min(configuredMs, Math.max(100, senderTimeoutMs / 4)) : configuredMs;
}

/** @param waitingSinceMs commit time of what is not durable yet, or null when nothing waits */
function watchLag(dependencies: SourceDependencies, waitingSinceMs: () => number | null): NodeJS.Timeout {
  const measure = (): void => {
    const since = waitingSinceMs();
    dependencies.metrics.lagSeconds(since === null ? 0 : Math.max(0, (Date.now() - since) / 1000));
  };
  measure();
  return setInterval(measure, dependencies.settings.watchIntervalMs);
}

/** The lock on the slot lives in the catalog session: without it another copy may start. */
function assertLocked(session: CatalogSession): void {
  if (session.healthy) return;
  throw new PlatformError('SOURCE_CONNECTION_LOST', { doing: 'holding the lock on the replication slot' });
}
