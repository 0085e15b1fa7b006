import { setTimeout as sleep } from 'node:timers/promises';

import { isPlatformError } from '@hasivu/errors';
import {
  committedOffsets,
  Fetcher,
  KafkaCluster,
  SchemaRegistry,
  TransactionalProducer,
  type FetchedBatch,
} from '@hasivu/kafka';
import type { ServiceContext } from '@hasivu/service-kit';

import { CommitPolicy } from '../core/commit-policy.ts';
import { EventProcessor } from '../core/event-processor.ts';
import { OffsetLedger } from '../core/offset-ledger.ts';
import { SetAside } from '../core/set-aside.ts';
import { TransactionTotals } from '../core/transaction-totals.ts';
import { ProcessorMetrics } from '../metrics.ts';
import type { ProcessorSettings } from '../processor-settings.ts';
import { processBatch } from './batch-reader.ts';
import { openLineage } from './open-lineage.ts';
import type { ProcessorLineage } from './processor-lineage.ts';
import { openTopics } from './processor-topics.ts';
import { ProgramCompiler } from './program-compiler.ts';
import { TopicPrograms } from './topic-programs.ts';

const TRANSACTION_TIMEOUT_MS = 60_000;
/**
 * Just below the brokers' default limit of a message (1,048,588). The source writes batches of up to 1,000,000 bytes; its
 * largest row must still fit here with the headers of the quarantine or a derived column more.
 */
const MAX_BATCH_BYTES = 1_040_000;
/** Bytes of one answer; twice as much may wait. Keeps the service far below 256 MiB with every table under load. */
const FETCH_BYTES = 2 * 1024 * 1024;
/** How long the loop waits at most before it shows that it is alive. */
const IDLE_MS = 5_000;

/** Runs the pipelines until the signal aborts: everything processed is committed before it returns. */
export async function runProcessor(context: ServiceContext, settings: ProcessorSettings): Promise<void> {
  await using resources = new AsyncDisposableStack();
  context.ready(false, 'connecting to Kafka');
  const cluster = await KafkaCluster.connect(settings.kafka, {
    clientId: settings.identity,
    logger: context.logger,
  });
  resources.defer(() => cluster.close());
  const partitions = await openTopics(cluster, settings);
  // Opened before the offsets are read: from here on no older process can commit any.
  const producer = await TransactionalProducer.open(cluster, {
    transactionalId: settings.identity,
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    maxBatchBytes: MAX_BATCH_BYTES,
  });
  resources.defer(() => producer.close());
  const fetcher = await openFetcher(cluster, settings, partitions);
  resources.defer(() => fetcher.close());
  const lineage = await openLineage(context, settings, cluster, resources);
  const newest = { recordMs: 0 };
  const metrics = new ProcessorMetrics(
    context.metrics,
    () => lagRows(fetcher),
    () =>
      lagRows(fetcher) === 0 || newest.recordMs === 0 ? 0 : Math.max(0, Date.now() - newest.recordMs) / 1000,
  );
  metrics.announce(settings.pipelines.map((pipeline) => pipeline.name));
  const { kafka } = settings;
  const compiler = new ProgramCompiler(
    new SchemaRegistry(kafka.registry, kafka.registryAuth, { tls: kafka.registryTls }),
    settings,
    partitions,
  );
  const programs = new Map(
    settings.sources.map((source) => [
      source.topic,
      new TopicPrograms(source, compiler, (topic, compiled) => lineage?.compiled(topic, compiled)),
    ]),
  );
  lineage?.start();
  context.ready(true);
  const loop = new ProcessorLoop(context, settings, {
    producer,
    fetcher,
    programs,
    partitions,
    metrics,
    lineage,
    newest,
  });
  try {
    await loop.run();
    await lineage?.abort();
  } catch (error) {
    await lineage?.fail(isPlatformError(error) ? error.message : 'UNEXPECTED: see the log of the service');
    throw error;
  }
}

interface LoopParts {
  readonly producer: TransactionalProducer;
  readonly fetcher: Fetcher;
  readonly programs: ReadonlyMap<string, TopicPrograms>;
  readonly partitions: ReadonlyMap<string, number>;
  readonly metrics: ProcessorMetrics;
  readonly lineage: ProcessorLineage | null;
  /** Timestamp of the newest record read, milliseconds since 1970; 0 before the first. */
  readonly newest: { recordMs: number };
}

/** The one loop that moves everything: fetch, process, commit outputs and offsets together (I3). */
class ProcessorLoop {
  readonly #context: ServiceContext;
  readonly #settings: ProcessorSettings;
  readonly #parts: LoopParts;
  readonly #totals = new TransactionTotals();
  readonly #ledger = new OffsetLedger();
  readonly #policy = new CommitPolicy();
  readonly #warned = new Set<string>();
  readonly #processor: EventProcessor;

  constructor(context: ServiceContext, settings: ProcessorSettings, parts: LoopParts) {
    this.#context = context;
    this.#settings = settings;
    this.#parts = parts;
    const setAside = new SetAside(parts.producer, settings.names, parts.partitions);
    this.#processor = new EventProcessor(parts.producer, setAside, this.#totals);
  }

  async run(): Promise<void> {
    const { signal } = this.#context;
    const { fetcher, producer } = this.#parts;
    let next: Promise<FetchedBatch | null> | null = null;
    while (!signal.aborted) {
      next ??= fetcher.next(signal);
      const batch = await this.#nextOrTime(next);
      this.#context.alive();
      if (batch !== 'time') {
        next = null;
        if (batch === null) break;
        await this.#process(batch);
      }
      if (this.#policy.due(this.#totals.rows, producer.bufferedBytes, performance.now()))
        await this.#commit();
    }
    if (this.#policy.isOpen) await this.#commit();
  }

  // The fetch goes on in the background while a commit is due: its answer is kept for the next round.
  async #nextOrTime(next: Promise<FetchedBatch | null>): Promise<FetchedBatch | null | 'time'> {
    const waitMs = Math.min(IDLE_MS, this.#policy.waitMs(performance.now()));
    const timer = new AbortController();
    try {
      return await Promise.race([next, sleep(waitMs, 'time' as const, { signal: timer.signal })]);
    } finally {
      timer.abort();
    }
  }

  async #process(batch: FetchedBatch): Promise<void> {
    const programs = this.#parts.programs.get(batch.topic);
    if (!programs) throw new Error(`a batch of ${batch.topic}, which was never assigned`);
    if (!this.#policy.isOpen) {
      this.#parts.producer.begin();
      this.#policy.opened(performance.now());
    }
    await processBatch(batch, programs, this.#processor);
    if (batch.cursor.timestampMs > 0) this.#parts.newest.recordMs = batch.cursor.timestampMs;
    this.#ledger.processed(batch.topic, batch.partition, batch.nextOffset);
  }

  async #commit(): Promise<void> {
    const { producer, metrics, lineage } = this.#parts;
    const startedMs = performance.now();
    await producer.flush();
    await producer.sendOffsets(this.#settings.identity, this.#ledger.take());
    await producer.commit();
    this.#policy.committed();
    metrics.committed((performance.now() - startedMs) / 1000, this.#totals);
    lineage?.committed(this.#totals);
    this.#warnOnce();
    this.#totals.clear();
  }

  #warnOnce(): void {
    for (const pipeline of this.#totals.incomplete) {
      if (this.#warned.has(pipeline)) continue;
      this.#warned.add(pipeline);
      this.#context.logger.warn(
        { pipeline },
        'rows of a filtered or routed pipeline came without unchanged large values: a row that enters an output by an update is incomplete there. Set REPLICA IDENTITY FULL on its tables',
      );
    }
  }
}

async function openFetcher(
  cluster: KafkaCluster,
  settings: ProcessorSettings,
  partitions: ReadonlyMap<string, number>,
): Promise<Fetcher> {
  const topics = settings.sources.map((source) => source.topic);
  const committed = await committedOffsets(cluster, settings.identity, topics);
  const assignments = topics.flatMap((topic) =>
    Array.from({ length: partitions.get(topic) ?? 0 }, (_, partition) => ({
      topic,
      partition,
      offset: committed.get(topic)?.get(partition) ?? ('earliest' as const),
    })),
  );
  return new Fetcher(cluster, { assignments, isolation: 'read_committed', maxBytes: FETCH_BYTES });
}

function lagRows(fetcher: Fetcher): number {
  return fetcher.lag().reduce((sum, { lag }) => sum + Number(lag ?? 0n), 0);
}
