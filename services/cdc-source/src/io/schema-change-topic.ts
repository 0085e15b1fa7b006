import { topicNames } from '@hasivu/change-events';
import { readLastByKey, type KafkaCluster } from '@hasivu/kafka';

import type { EventSink } from '../core/event-sink.ts';
import { announcedShape, SchemaChanges } from '../core/schema-changes.ts';

/** Opens `<prefix>.schema-changes`: one partition, so that changes have one order, and kept for good. */
export async function openSchemaChangeTopic(
  cluster: KafkaCluster,
  prefix: string,
  sink: EventSink,
  signal: AbortSignal,
): Promise<SchemaChanges> {
  const topic = topicNames(prefix).schemaChanges;
  await cluster.ensureTopics([{ topic, partitions: 1, config: { 'retention.ms': '-1' } }]);
  const last = [...(await readLastByKey(cluster, topic, signal))].flatMap(([id, record]) => {
    const shape = announcedShape(record);
    return shape === null ? [] : [[id, shape] as const];
  });
  return new SchemaChanges({ sink, topic, sourceName: prefix, last: new Map(last) });
}
