import { Fetcher, KafkaCluster } from '@hasivu/kafka';

/** Every value of a topic from its beginning to its end now. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<Buffer[]> {
  const cluster = await KafkaCluster.connect({ brokers }, { clientId: 'e2e' });
  try {
    const values: Buffer[] = [];
    const ends = await cluster.endOffsets(topic);
    const left = new Set([...ends].filter(([, end]) => end > 0n).map(([partition]) => partition));
    const assignments = [...left].map((partition) => ({ topic, partition, offset: 'earliest' as const }));
    if (assignments.length === 0) return values;
    const fetcher = new Fetcher(cluster, { assignments, isolation: 'read_committed' });
    const bound = AbortSignal.timeout(30_000);
    while (left.size > 0) {
      const batch = await fetcher.next(bound);
      if (!batch) break;
      while (batch.cursor.next()) {
        if (batch.cursor.valueStart >= 0)
          values.push(
            Buffer.from(batch.cursor.buffer.subarray(batch.cursor.valueStart, batch.cursor.valueEnd)),
          );
      }
      if (batch.nextOffset >= (ends.get(batch.partition) ?? 0n)) left.delete(batch.partition);
    }
    fetcher.close();
    return values;
  } finally {
    cluster.close();
  }
}
