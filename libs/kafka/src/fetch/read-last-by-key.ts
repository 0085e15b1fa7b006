import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { readTopic } from './read-topic.ts';

/**
 * The last committed value of each key of a (compacted) topic, as a log cleaner that never sleeps would leave it:
 * tombstones remove their key. Reads up to the last stable offset at the time of the call; keys are taken as UTF-8.
 */
export async function readLastByKey(
  cluster: KafkaCluster,
  topic: string,
  signal?: AbortSignal,
): Promise<Map<string, Buffer>> {
  const values = new Map<string, Buffer>();
  await readTopic(
    cluster,
    topic,
    (cursor) => {
      if (cursor.keyStart < 0) return;
      const key = cursor.buffer.toString('utf8', cursor.keyStart, cursor.keyEnd);
      const value = cursor.copyValue();
      if (value === null) values.delete(key);
      else values.set(key, value);
    },
    signal,
  );
  return values;
}
