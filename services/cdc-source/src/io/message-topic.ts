import { MESSAGE_KEY_SCHEMA, MESSAGE_VALUE_SCHEMA, topicNames } from '@hasivu/change-events';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';

import { MessageEvents, type MessageEventsOptions } from '../core/message-events.ts';
import { valueLimit } from '../core/oversize.ts';
import { SOURCE_VERSION } from '../source-settings.ts';

/** Opens `<prefix>.message`, the topic of logical messages. */
export async function openMessageTopic(
  cluster: KafkaCluster,
  registry: SchemaRegistry,
  prefix: string,
  options: Pick<MessageEventsOptions, 'sink' | 'ledger' | 'database' | 'transactions'>,
): Promise<MessageEvents> {
  const topic = topicNames(prefix).message;
  await cluster.ensureTopics([{ topic }]);
  return new MessageEvents({
    ...options,
    topic,
    maxValueBytes: valueLimit(cluster.recordLimitOf(topic)),
    partitions: await cluster.partitionsOf(topic),
    keySchemaId: await registry.register(`${topic}-key`, MESSAGE_KEY_SCHEMA),
    valueSchemaId: await registry.register(`${topic}-value`, MESSAGE_VALUE_SCHEMA),
    version: SOURCE_VERSION,
    sourceName: prefix,
  });
}
