import { topicNames, TRANSACTION_KEY_SCHEMA, TRANSACTION_VALUE_SCHEMA } from '@hasivu/change-events';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';

import { TransactionMetadata, type TransactionMetadataOptions } from '../core/transaction-metadata.ts';
import { openRegisteredTopic } from './registered-topic.ts';

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
  const schemas = { key: TRANSACTION_KEY_SCHEMA, value: TRANSACTION_VALUE_SCHEMA };
  const { transactions: topic } = topicNames(prefix);
  return new TransactionMetadata({
    ...options,
    ...(await openRegisteredTopic(cluster, registry, topic, schemas, 1)),
  });
}
