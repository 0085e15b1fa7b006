import { Fetcher, type FetchedBatch, type KafkaCluster } from '@hasivu/kafka';
import type { PayloadDecoder } from './payload-decoder.ts';
import type { DecodedRecord } from './record-format.ts';

export interface ReadTopicOptions {
  readonly topic: string;
  readonly from: 'beginning' | 'latest';
  readonly signal: AbortSignal;
  /** Ends at the records that are there now; otherwise it goes on until the signal. */
  readonly untilEnd?: boolean;
}

/** The committed records of all partitions of a topic, decoded, in the order of each partition. */
export async function* readTopic(
  cluster: KafkaCluster,
  decoder: PayloadDecoder,
  options: ReadTopicOptions,
): AsyncGenerator<DecodedRecord> {
  const { topic, signal } = options;
  const partitions = await cluster.partitionsOf(topic);
  const left = options.untilEnd ? await openPartitions(cluster, topic) : null;
  if (left?.size === 0) return;
  const offset = options.from === 'beginning' ? 'earliest' : 'latest';
  const assignments = Array.from(
    { length: partitions },
    (_, partition) => ({ topic, partition, offset }) as const,
  );
  const fetcher = new Fetcher(cluster, { assignments, isolation: 'read_committed' });
  try {
    for (let batch = await fetcher.next(signal); batch; batch = await fetcher.next(signal)) {
      yield* decodeBatch(batch, decoder);
      const end = left?.get(batch.partition);
      if (end !== undefined && batch.nextOffset >= end) left?.delete(batch.partition);
      if (left?.size === 0) return;
    }
  } finally {
    fetcher.close();
  }
}

/** Partitions that hold something, with the offset where what is committed now ends. */
async function openPartitions(cluster: KafkaCluster, topic: string): Promise<Map<number, bigint>> {
  const [starts, ends] = await Promise.all([
    cluster.startOffsets(topic),
    cluster.endOffsets(topic, 'read_committed'),
  ]);
  return new Map([...ends].filter(([partition, end]) => end > (starts.get(partition) ?? 0n)));
}

async function* decodeBatch(
  { topic, partition, cursor }: FetchedBatch,
  decoder: PayloadDecoder,
): AsyncGenerator<DecodedRecord> {
  while (cursor.next()) {
    // Copied before the first await: the ranges are valid until the cursor moves, and a caller may take its time.
    const [key, value, headers] = [cursor.copyKey(), cursor.copyValue(), cursor.headers()];
    const { offset, timestampMs } = cursor;
    const texts = new Map<string, string>();
    for (const [name, bytes] of headers) texts.set(name, await decoder.decode(bytes));
    yield {
      topic,
      partition,
      offset,
      timestampMs,
      key: await decoder.decode(key),
      value: await decoder.decode(value),
      headers: texts,
    };
  }
}
