import { IdempotentProducer, type KafkaCluster } from '@hasivu/kafka';
import type { ServiceContext } from '@hasivu/service-kit';

import type { ProcessorSettings } from '../processor-settings.ts';
import { ProcessorLineage } from './processor-lineage.ts';

/** Opens the way to the lineage topic; null when lineage is off or its topic cannot be opened, which never stops data. */
export async function openLineage(
  context: ServiceContext,
  settings: ProcessorSettings,
  cluster: KafkaCluster,
  resources: AsyncDisposableStack,
): Promise<ProcessorLineage | null> {
  const { logger } = context;
  if (!settings.lineage.enabled) return null;
  const topic = settings.names.lineage;
  try {
    await cluster.ensureTopics([{ topic, partitions: 1 }]);
    const producer = await IdempotentProducer.open(cluster);
    resources.defer(() => closeQuietly(context, producer));
    return new ProcessorLineage({
      settings,
      onFailure: (error, failures) => {
        context.countError(error);
        logger.warn({ err: error, failures }, 'a lineage event was not delivered');
      },
      transport: async (key, json) => {
        const keyBytes = Buffer.from(key);
        const value = Buffer.from(json);
        producer.append(topic, 0, keyBytes, 0, keyBytes.length, value, 0, value.length, Date.now());
        await producer.flush();
      },
    });
  } catch (error) {
    context.countError(error);
    logger.warn({ err: error }, 'no lineage: its topic cannot be opened');
    return null;
  }
}

// Lineage that cannot be delivered at the end is told of and must not turn a good stop into a failure.
async function closeQuietly(context: ServiceContext, producer: IdempotentProducer): Promise<void> {
  try {
    await producer.close();
  } catch (error) {
    context.countError(error);
    context.logger.warn({ err: error }, 'the last lineage events were not delivered');
  }
}
