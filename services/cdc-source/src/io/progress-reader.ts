import { Fetcher, type KafkaCluster } from '@hasivu/kafka';

import { parseProgress, type Progress } from '../core/progress-record.ts';

/** Records looked at first; the newest one of a slot is nearly always among them. */
const FIRST_TAIL = 64n;

/**
 * The newest committed progress record of a slot, or null. To be called once the producer is open, so that no
 * predecessor can commit another one behind our back.
 */
export async function readProgress(
  cluster: KafkaCluster,
  topic: string,
  slot: string,
  signal: AbortSignal,
): Promise<Progress | null> {
  const end = await endOf(cluster, topic);
  for (let tail = FIRST_TAIL; ; tail *= 64n) {
    const from = end > tail ? end - tail : 0n;
    const found = await lastBetween(cluster, topic, slot, from, end, signal);
    if (found || from === 0n) return found;
  }
}

async function endOf(cluster: KafkaCluster, topic: string): Promise<bigint> {
  const offsets = await cluster.endOffsets(topic);
  return offsets.get(0) ?? 0n;
}

async function lastBetween(
  cluster: KafkaCluster,
  topic: string,
  slot: string,
  from: bigint,
  end: bigint,
  signal: AbortSignal,
): Promise<Progress | null> {
  if (from >= end) return null;
  const fetcher = new Fetcher(cluster, {
    assignments: [{ topic, partition: 0, offset: from }],
    isolation: 'read_committed',
  });
  let found: Buffer | null = null;
  try {
    for (let next = from; next < end;) {
      const batch = await fetcher.next(signal);
      // null comes at once after a stop: asking again would spin without end.
      if (!batch) throw new DOMException('stopped while reading the progress', 'AbortError');
      const { cursor } = batch;
      while (cursor.next()) {
        if (cursor.keyStart < 0 || cursor.buffer.toString('utf8', cursor.keyStart, cursor.keyEnd) !== slot)
          continue;
        found =
          cursor.valueStart < 0
            ? null
            : Buffer.from(cursor.buffer.subarray(cursor.valueStart, cursor.valueEnd));
      }
      next = batch.nextOffset;
    }
  } finally {
    fetcher.close();
  }
  return found === null ? null : parseProgress(found);
}
