import type { KafkaCluster } from '../client/kafka-cluster.ts';
import type { RecordCursor } from '../records/record-cursor.ts';
import { Fetcher } from './fetcher.ts';

/**
 * Hands over every committed record that a topic has now, from the oldest that retention left: in order within a
 * partition, the cursor valid until the next one. Throws the signal's reason when it aborts.
 */
export async function readTopic(
  cluster: KafkaCluster,
  topic: string,
  take: (cursor: RecordCursor, partition: number) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const [starts, ends] = await Promise.all([
    cluster.startOffsets(topic),
    cluster.endOffsets(topic, 'read_committed'),
  ]);
  const unread = new Map([...ends].filter(([partition, end]) => end > (starts.get(partition) ?? 0n)));
  if (unread.size === 0) return;
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
      const { cursor, partition } = batch;
      while (cursor.next()) {
        const pause = take(cursor, partition);
        if (pause !== undefined) await pause;
      }
      const end = unread.get(partition);
      if (end !== undefined && batch.nextOffset >= end) unread.delete(partition);
    }
  } finally {
    fetcher.close();
  }
}
