import { IdempotentProducer, type KafkaCluster } from '@hasivu/kafka';
import { serverList } from '@hasivu/postgres';

import type { SourceDependencies } from '../source-dependencies.ts';
import { SourceLineage } from './source-lineage.ts';

/** Opens the way to the lineage topic; null when lineage is off or its topic cannot be opened, which never stops data. */
export async function openLineage(
  dependencies: SourceDependencies,
  cluster: KafkaCluster,
  resources: AsyncDisposableStack,
): Promise<SourceLineage | null> {
  const { settings, logger } = dependencies;
  if (!settings.lineage.enabled) return null;
  const topic = settings.lineageTopic;
  try {
    await cluster.ensureTopics([{ topic, partitions: 1 }]);
    const producer = await IdempotentProducer.open(cluster, {});
    resources.defer(() => producer.close().catch(() => undefined));
    return new SourceLineage({
      namespace: settings.lineage.namespace,
      jobName: settings.jobName,
      intervalMs: settings.lineage.intervalMs,
      topic,
      producer,
      // The first of several hosts: the name of a table must not change with the server that happens to be the primary.
      connectionUrl: serverList(settings.postgres.url).urls[0] ?? settings.postgres.url,
      brokers: settings.kafka.brokers,
      onFailure: (error, failures) =>
        logger.warn({ err: error, failures }, 'a lineage event was not delivered'),
    });
  } catch (error) {
    logger.warn({ err: error }, 'no lineage: its topic cannot be opened');
    return null;
  }
}
