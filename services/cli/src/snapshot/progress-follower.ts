import { topicNames } from '@hasivu/change-events';
import type { CapturedDatabase } from '@hasivu/config';
import { Fetcher, readLastByKey, type KafkaCluster } from '@hasivu/kafka';

/** One record per Kafka transaction: the newest of a slot is nearly always among the last ones. */
const LOOKED_BACK = 1000n;

/** Follows the progress records of a database's slot: the newest committed one, and each that comes after it. */
export async function* followProgress(
  cluster: KafkaCluster,
  { prefix, postgres: { slot } }: Pick<CapturedDatabase, 'prefix' | 'postgres'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer | null> {
  const topic = topicNames(prefix).progress;
  if (!(await cluster.listTopics()).includes(topic)) {
    yield null;
    return;
  }
  const end = (await cluster.endOffsets(topic, 'read_committed')).get(0) ?? 0n;
  const start = (await cluster.startOffsets(topic)).get(0) ?? 0n;
  const from = end - LOOKED_BACK > start ? end - LOOKED_BACK : start;
  let found: Buffer | null = null;
  let told = from >= end;
  if (told) yield null;
  const fetcher = new Fetcher(cluster, {
    assignments: [{ topic, partition: 0, offset: from }],
    isolation: 'read_committed',
  });
  try {
    for (let batch = await fetcher.next(signal); batch; batch = await fetcher.next(signal)) {
      const { cursor } = batch;
      let changed = false;
      while (cursor.next()) {
        if (cursor.keyStart < 0 || cursor.buffer.toString('utf8', cursor.keyStart, cursor.keyEnd) !== slot)
          continue;
        found = cursor.copyValue();
        changed = true;
      }
      if (batch.nextOffset < end || (told && !changed)) continue;
      told = true;
      yield found ?? (await readLastByKey(cluster, topic, signal)).get(slot) ?? null;
    }
  } finally {
    fetcher.close();
  }
}
