import { KafkaCluster, readTopic as readRecords } from '@hasivu/kafka';

/** Every value of a topic from its beginning to its end now. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<Buffer[]> {
  const cluster = await KafkaCluster.connect({ brokers }, { clientId: 'e2e' });
  try {
    const values: Buffer[] = [];
    const take = (value: Buffer | null): void => void (value && values.push(value));
    await readRecords(cluster, topic, (cursor) => take(cursor.copyValue()), AbortSignal.timeout(30_000));
    return values;
  } finally {
    cluster.close();
  }
}
