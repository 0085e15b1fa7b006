import { randomUUID } from 'node:crypto';
import { commitOffsets, IdempotentProducer, KafkaCluster, SchemaRegistry } from '@hasivu/kafka';
import { openStore, placeUri, probePutIfAbsent } from '@hasivu/object-store';
import { PlatformError } from '@hasivu/errors';
import type { ServiceContext, ServiceDefinition } from '@hasivu/service-kit';
import { Engine, FileCache } from '@hasivu/lake-engine';
import { isOwnAppId } from './core/offset-ledger.ts';
import type { TopicBinding } from './core/topic-binding.ts';
import { sinkCapacity } from './io/sink-capacity.ts';
import { DeadLetters } from './io/dead-letters.ts';
import type { Failpoint } from './io/failpoint.ts';
import { HistoryMerger } from './io/history-merger.ts';
import { SinkGroup } from './io/sink-group.ts';
import { SinkLoop } from './io/sink-loop.ts';
import { KeyIndexes } from './io/key-index/key-indexes.ts';
import { StateMerger } from './io/state-merger.ts';
import { TopicSet } from './io/topic-set.ts';
import { EVERY_TOPIC } from './io/topic-share.ts';
import { SinkLineage } from './io/sink-lineage.ts';
import { createSinkMetrics } from './metrics.ts';

/** Group under which the sink's progress shows in Kafka's own tools; it is never read. */
export const ADVISORY_GROUP = 'hasivu-lake-sink';

/** Sized so that the process stays under 256 MiB with the engine loaded. */
const ENGINE_MEMORY_BYTES = 40e6;
const HELD_BYTES_LIMIT = 8 << 20;
const BATCH_BYTES_LIMIT = 4 << 20;
const CACHE_BYTES = 2 ** 30;
const DISCOVER_MS = 5_000;

/** The service, for main.ts and for tests. */
export function lakeSink(failpoint: Failpoint): ServiceDefinition {
  return {
    name: 'lake-sink',
    summary: 'Writes change topics into Delta tables on S3',
    main: (context) => runLakeSink(context, failpoint),
  };
}

/** Runs the sink until it is asked to stop. */
export async function runLakeSink(context: ServiceContext, failpoint: Failpoint): Promise<void> {
  const { config, logger } = context;
  if (config.lake === undefined) {
    throw new PlatformError('CONFIG_INVALID', {
      doing: 'starting the lake sink',
      why: '/lake is missing: the sink has no place to write to',
    });
  }
  if (config.lake.group?.name === ADVISORY_GROUP) {
    throw new PlatformError('CONFIG_INVALID', {
      doing: 'starting the lake sink',
      why: `/lake/group/name is "${ADVISORY_GROUP}", the group in which progress shows in Kafka's tools`,
    });
  }
  context.ready(false, 'connecting');
  await using resources = new AsyncDisposableStack();
  const metrics = createSinkMetrics(context.metrics);
  const place = resources.adopt(openStore({ ...config.lake, userAgent: 'hasivu/lake-sink' }), (open) =>
    open.close(),
  );
  const failed = new AbortController();
  const { room, store, capacity } = sinkCapacity(config.lake.capacity, place, metrics, {
    logger,
    countError: (error) => context.countError(error),
    ready: (isReady, reason) => context.ready(isReady, reason),
    alive: () => context.alive(),
    signal: AbortSignal.any([context.signal, failed.signal]),
  });
  await probePutIfAbsent(store, randomUUID());
  const cluster = resources.adopt(
    await KafkaCluster.connect(config.kafka, { clientId: 'hasivu-lake-sink', logger }),
    (open) => open.close(),
  );
  const producer = resources.adopt(await IdempotentProducer.open(cluster), (open) => open.close());
  const cache = resources.adopt(await FileCache.open(store, 'lake-sink', CACHE_BYTES), (open) =>
    open.close(),
  );
  const engine = resources.adopt(
    new Engine({ folder: cache.folder, memoryBytes: ENGINE_MEMORY_BYTES }),
    (open) => open.close(),
  );
  const indexes = resources.adopt(
    new KeyIndexes({
      folder: cache.folder,
      maxBytes: config.lake.keyIndex.maxBytes,
      nowMs: Date.now,
      onBytes: (bytes) => metrics.keyIndexBytes.set(bytes),
      onNoRoom: () => metrics.keyIndexNoRoom.inc(),
    }),
    (open) => open.close(),
  );
  const limits = config.lake.deletionVectors;
  const merger = new StateMerger({ engine, cache, indexes, failpoint, limits });
  const lineage = resources.adopt(
    new SinkLineage(config, cluster, (error) => context.countError(error)),
    (open) => open.end(),
  );
  const around = {
    store,
    nowMs: Date.now,
    newId: randomUUID,
    engineInfo: 'hasivu-lake-sink/0.1.0',
    isOwnAppId,
    onUpkeepFailed: (error: unknown, table: string) => {
      context.countError(error);
      logger.warn(
        { err: error, table },
        'a table’s log has no new checkpoint or cannot be cleaned up; its commits go on',
      );
    },
  };
  const { flush } = config.lake;
  const group =
    config.lake.group === undefined
      ? null
      : new SinkGroup(
          config.lake.group,
          `${placeUri(config.lake)} ${config.lake.prefix} ${config.kafka.prefix}`,
          cluster,
          logger,
        );
  const topics = new TopicSet(config, {
    cluster,
    ownership: group?.ownership ?? EVERY_TOPIC,
    registry: new SchemaRegistry(config.kafka.registry, config.kafka.registryAuth, {
      tls: config.kafka.registryTls,
    }),
    around,
    engine,
    cache,
    merger,
    historyMerger: new HistoryMerger(engine, cache, failpoint),
    metrics,
    failpoint,
    newId: randomUUID,
    room,
    onShattered: adviseClustering(context),
    onWithoutRoom: (binding, error) => reportStopped(context, binding, error),
    nowMs: Date.now,
    alive: () => context.alive(),
    limits: {
      rows: flush.rows,
      bytes: Math.min(flush.bytes, BATCH_BYTES_LIMIT),
      intervalMs: flush.intervalMs,
    },
    deadLetters: new DeadLetters(
      producer,
      (topic) => cluster.ensureTopics([{ topic, partitions: 1 }]),
      (origin) => {
        metrics.deadLetters.inc({ topic: origin.topic });
        logger.warn(origin, 'a record cannot be decoded: sent to the dead-letter topic');
      },
    ),
    onDurable: (binding, tables, rows, offsets) => {
      lineage.durable(binding, tables, rows);
      void adviseOffsets(cluster, binding, offsets, context);
    },
  });
  const loop = new SinkLoop({
    cluster,
    topics,
    metrics,
    heldBytesLimit: HELD_BYTES_LIMIT,
    tickMs: Math.max(10, Math.min(100, Math.floor(flush.intervalMs / 4))),
    discoverMs: DISCOVER_MS,
    alive: () => context.alive(),
    onStopped: (writer, error) => reportStopped(context, writer.binding, error),
    onFenced: (writer, error) => reportFenced(context, writer.binding, error),
    onFailed: () => failed.abort(),
  });
  // Says itself whether the sink is ready.
  if (capacity === null) context.ready(true);
  else await capacity.open();
  logger.info({ place: placeUri(config.lake), prefix: config.lake.prefix }, 'the sink runs');
  const running = loop.run(context.signal);
  await Promise.all([running, capacity?.run(), group?.run(loop, running)]);
}

/** Once for each table: it stays as it is until somebody changes the configuration and builds it anew. */
function adviseClustering({ logger }: ServiceContext): (table: string, files: number, rows: number) => void {
  const told = new Set<string>();
  return (table, files, rows) => {
    if (told.has(table)) return;
    told.add(table);
    logger.warn(
      { table, files, rows },
      'a flush wrote a file for each of many partitions, a few rows each: sort by these columns (tables.<t>.clusterBy) in the place of partitioning by them',
    );
  };
}

/** For people who look at consumer lag in Kafka; a failure changes nothing, since restarts read the tables. */
async function adviseOffsets(
  cluster: KafkaCluster,
  binding: TopicBinding,
  offsets: ReadonlyMap<number, number>,
  context: ServiceContext,
): Promise<void> {
  const next = [...offsets].map(([partition, offset]) => ({
    topic: binding.topic,
    partition,
    offset: BigInt(offset) + 1n,
  }));
  try {
    await commitOffsets(cluster, ADVISORY_GROUP, next);
  } catch (error) {
    if (!context.signal.aborted) context.countError(error);
  }
}

/** Two sinks took a table for their own for a moment, as when one was paused for longer than its session. */
function reportFenced(context: ServiceContext, { table }: TopicBinding, error: PlatformError): void {
  context.countError(error);
  context.logger.warn({ code: error.code, table }, 'another sink has written the table; it is opened anew');
}

function reportStopped(context: ServiceContext, binding: TopicBinding, error: PlatformError): void {
  context.countError(error);
  context.logger.error(
    { code: error.code, table: binding.table, topic: binding.topic, ...error.context },
    error.message,
  );
}
