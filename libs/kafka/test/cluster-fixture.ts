import { topicPrefix } from '@hasivu/testing';
import { Fetcher, KafkaCluster, type Isolation } from '../src/index.ts';

export interface ClusterFixture extends AsyncDisposable {
  readonly cluster: KafkaCluster;
  readonly brokers: readonly string[];
  /** A name of this test alone. */
  readonly name: (suffix: string) => string;
}

/** A connection to the test broker with a prefix of its own; disposing it deletes the topics. */
export async function clusterFixture(label: string): Promise<ClusterFixture> {
  const topics = topicPrefix(label);
  const cluster = await KafkaCluster.connect({ brokers: topics.brokers }, { clientId: `test-${label}` });
  return {
    cluster,
    brokers: topics.brokers,
    name: (suffix) => `${topics.prefix}.${suffix}`,
    [Symbol.asyncDispose]: async () => {
      cluster.close();
      await topics[Symbol.asyncDispose]();
    },
  };
}

export interface ReadRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Record<string, string>;
}

/** Reads a topic from its start until `until` says so of the records so far, or until the present end where it is absent. */
export async function readTopic(
  cluster: KafkaCluster,
  topic: string,
  isolation: Isolation,
  until?: (records: readonly ReadRecord[]) => boolean,
): Promise<ReadRecord[]> {
  const ends = await cluster.endOffsets(topic, isolation);
  const unread = new Map([...ends].filter(([, end]) => end > 0n));
  const fetcher = new Fetcher(cluster, {
    assignments: [...ends.keys()].map((partition) => ({ topic, partition, offset: 'earliest' as const })),
    isolation,
    maxWaitMs: 100,
  });
  const records: ReadRecord[] = [];
  const isDone = (): boolean => (until === undefined ? unread.size === 0 : until(records));
  const deadline = AbortSignal.timeout(20_000);
  try {
    while (!isDone()) {
      const batch = await fetcher.next(deadline);
      if (batch === null) throw new Error(`read ${records.length} records of ${topic} and no more in 20 s`);
      const { cursor, partition } = batch;
      while (cursor.next()) {
        records.push({
          partition,
          offset: cursor.offset,
          key: cursor.copyKey()?.toString() ?? null,
          value: cursor.copyValue()?.toString() ?? null,
          headers: Object.fromEntries([...cursor.headers()].map(([name, value]) => [name, value.toString()])),
        });
      }
      if (batch.nextOffset >= (unread.get(partition) ?? 0n)) unread.delete(partition);
    }
  } finally {
    fetcher.close();
  }
  return records;
}

interface Appender {
  append(
    topic: string,
    partition: number,
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    value: Buffer | null,
    valueStart: number,
    valueEnd: number,
    timestampMs: number,
    headers?: readonly (readonly [string, string])[],
  ): void;
}

/** Appends one record of strings. */
export function put(
  producer: Appender,
  topic: string,
  partition: number,
  key: string | null,
  value: string | null,
  headers?: readonly (readonly [string, string])[],
): void {
  const keyBytes = key === null ? null : Buffer.from(key);
  const valueBytes = value === null ? null : Buffer.from(value);
  const keyEnd = keyBytes?.length ?? 0;
  const valueEnd = valueBytes?.length ?? 0;
  producer.append(topic, partition, keyBytes, 0, keyEnd, valueBytes, 0, valueEnd, Date.now(), headers);
}
