import type { AvroObject } from '@hasivu/change-events';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';

/** What a writer of framed keys and values to one topic has to know. */
export interface RegisteredTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly keySchemaId: number;
  readonly valueSchemaId: number;
}

/**
 * Creates a topic where it is missing, and registers its schemas.
 * @param partitions where they are not those of `kafka.topics`
 */
export async function openRegisteredTopic(
  cluster: KafkaCluster,
  registry: SchemaRegistry,
  topic: string,
  schemas: { readonly key: AvroObject; readonly value: AvroObject },
  partitions?: number,
): Promise<RegisteredTopic> {
  await cluster.ensureTopics([{ topic, partitions }]);
  return {
    topic,
    partitions: await cluster.partitionsOf(topic),
    keySchemaId: await registry.register(`${topic}-key`, schemas.key),
    valueSchemaId: await registry.register(`${topic}-value`, schemas.value),
  };
}
