import { MESSAGE_KEY_SCHEMA, MESSAGE_VALUE_SCHEMA, topicNames } from '@hasivu/change-events';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';

import { MessageEvents, type MessageEventsOptions } from '../core/message-events.ts';
import { valueLimit } from '../core/oversize.ts';
import { SOURCE_VERSION } from '../source-settings.ts';
import { openRegisteredTopic } from './registered-topic.ts';

/** Opens `<prefix>.message`, the topic of logical messages. */
export async function openMessageTopic(
  cluster: KafkaCluster,
  registry: SchemaRegistry,
  prefix: string,
  options: Pick<MessageEventsOptions, 'sink' | 'ledger' | 'database' | 'transactions' | 'omitted'>,
): Promise<MessageEvents> {
  const schemas = { key: MESSAGE_KEY_SCHEMA, value: MESSAGE_VALUE_SCHEMA };
  const opened = await openRegisteredTopic(cluster, registry, topicNames(prefix).message, schemas);
  return new MessageEvents({
    ...options,
    ...opened,
    maxValueBytes: valueLimit(cluster.recordLimitOf(opened.topic)),
    version: SOURCE_VERSION,
    sourceName: prefix,
  });
}
