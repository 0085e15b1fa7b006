import { Fetcher, type Isolation, type KafkaCluster } from '@hasivu/kafka';

/** Records looked at first; the newest one of a key is nearly always among them. */
const FIRST_TAIL = 64n;

/** The newest value of a key in the progress topic, or null; a tombstone counts as none. */
export async function lastValue(
  cluster: KafkaCluster,
  topic: string,
  key: string,
  isolation: Isolation,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const end = await endOf(cluster, topic);
  for (let tail = FIRST_TAIL; ; tail *= 64n) {
    const from = end > tail ? end - tail : 0n;
    const found = await lastBetween(cluster, { topic, key, isolation, from, end }, signal);
    if (found !== undefined || from === 0n) return found ?? null;
  }
}

async function endOf(cluster: KafkaCluster, topic: string): Promise<bigint> {
  const offsets = await cluster.endOffsets(topic);
  return offsets.get(0) ?? 0n;
}

interface Stretch {
  readonly topic: string;
  readonly key: string;
  readonly isolation: Isolation;
  readonly from: bigint;
  readonly end: bigint;
}

/** undefined where the stretch does not hold the key. */
async function lastBetween(
  cluster: KafkaCluster,
  { topic, key, isolation, from, end }: Stretch,
  signal: AbortSignal,
): Promise<Buffer | null | undefined> {
  if (from >= end) return undefined;
  const fetcher = new Fetcher(cluster, {
    assignments: [{ topic, partition: 0, offset: from }],
    isolation,
  });
  let found: Buffer | null | undefined;
  try {
    for (let next = from; next < end;) {
      const batch = await fetcher.next(signal);
      // null comes at once after a stop: asking again would spin without end.
      if (!batch) throw new DOMException('stopped while reading the progress', 'AbortError');
      const { cursor } = batch;
      while (cursor.next()) {
        if (cursor.keyStart < 0 || cursor.buffer.toString('utf8', cursor.keyStart, cursor.keyEnd) !== key)
          continue;
        found = cursor.copyValue();
      }
      next = batch.nextOffset;
    }
  } finally {
    fetcher.close();
  }
  return found;
}
