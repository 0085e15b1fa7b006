import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { Fetcher } from './fetcher.ts';

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
  const [starts, ends] = await Promise.all([
    cluster.startOffsets(topic),
    cluster.endOffsets(topic, 'read_committed'),
  ]);
  const unread = new Map([...ends].filter(([partition, end]) => end > (starts.get(partition) ?? 0n)));
  if (unread.size === 0) return values;
  const fetcher = new Fetcher(cluster, {
    assignments: [...unread.keys()].map((partition) => ({
      topic,
      partition,
      offset: starts.get(partition) ?? 0n,
    })),
    isolation: 'read_committed',
  });
  try {
    while (unread.size > 0) {
      const batch = await fetcher.next(signal);
      if (batch === null) {
        signal?.throwIfAborted();
        break;
      }
      const { cursor } = batch;
      while (cursor.next()) {
        if (cursor.keyStart < 0) continue;
        const key = cursor.buffer.toString('utf8', cursor.keyStart, cursor.keyEnd);
        const value = cursor.copyValue();
        if (value === null) values.delete(key);
        else values.set(key, value);
      }
      const end = unread.get(batch.partition);
      if (end !== undefined && batch.nextOffset >= end) unread.delete(batch.partition);
    }
  } finally {
    fetcher.close();
  }
  return values;
}
