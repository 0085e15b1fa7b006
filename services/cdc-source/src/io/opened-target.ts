import { topicNames } from '@hasivu/change-events';
import { KafkaCluster, SchemaRegistry, TransactionalProducer } from '@hasivu/kafka';

import { columnRules } from '../core/column-rules.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { SourceSettings } from '../source-settings.ts';
import { DurableEvents } from './durable-events.ts';
import { openLineage } from './lineage-producer.ts';
import { ProgressProducer } from './progress-producer.ts';
import type { PreparedSource } from './source-checks.ts';
import type { SourceLineage } from './source-lineage.ts';
import { TableCompiler } from './table-compiler.ts';

/** One record per Kafka transaction: small segments, so that compaction keeps the topic to a few of them. */
const PROGRESS_TOPIC = {
  'segment.bytes': '16777216',
  'segment.ms': '3600000',
  'min.cleanable.dirty.ratio': '0.1',
};

/** What a run writes through. */
export interface OpenedTarget {
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;
  readonly compiler: TableCompiler;
  readonly sink: ProgressProducer;
  readonly durable: DurableEvents;
  readonly lineage: SourceLineage | null;
}

/** Connects to Kafka and the registry, makes the topics, and fences whoever wrote for this slot before. */
export async function openTarget(
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
  const registry = new SchemaRegistry(kafka.registry, kafka.registryAuth, { tls: kafka.registryTls });
  const compiler = new TableCompiler({
    session: prepared.session,
    cluster,
    registry,
    prefix: kafka.prefix,
    database: prepared.server.database,
    rules: columnRules(postgres.columns),
    onUntold: (table, columns) => {
      dependencies.logger.warn(
        { table, columns },
        'rows from before a new column may have values in it that the stream does not tell (a default that is no constant, the table was written anew since, or events went without the column): a snapshot of the table (hasivu snapshot start) reads them',
      );
    },
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
export function transactionalIdOf({ kafka, postgres }: SourceSettings): string {
  return `${kafka.prefix}-cdc-source-${postgres.slot}`;
}
