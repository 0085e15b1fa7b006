import { topicNames, TRANSACTION_KEY_SCHEMA, TRANSACTION_VALUE_SCHEMA } from '@hasivu/change-events';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';

import { TransactionMetadata, type TransactionMetadataOptions } from '../core/transaction-metadata.ts';

/**
 * Opens `<prefix>.transactions`, of one partition unless it was made with more: the order of transactions is worth more
 * there than width, at two small records for each.
 */
export async function openTransactionTopic(
  cluster: KafkaCluster,
  registry: SchemaRegistry,
  prefix: string,
  options: Pick<TransactionMetadataOptions, 'sink' | 'ledger' | 'restored'>,
): Promise<TransactionMetadata> {
  const topic = topicNames(prefix).transactions;
  await cluster.ensureTopics([{ topic, partitions: 1 }]);
  return new TransactionMetadata({
    ...options,
    topic,
    partitions: await cluster.partitionsOf(topic),
    keySchemaId: await registry.register(`${topic}-key`, TRANSACTION_KEY_SCHEMA),
    valueSchemaId: await registry.register(`${topic}-value`, TRANSACTION_VALUE_SCHEMA),
  });
}
