import { PlatformError } from '@hasivu/errors';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { lookUpOffset } from '../client/offset-lookup.ts';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts';
import type { TopicPartition } from '../protocol/topic-partition.ts';

/** The error of a position that a partition does not hold, with the range that it holds as far as a look-up tells it. */
export async function offsetOutOfRange(
  cluster: KafkaCluster,
  { topic, partition }: TopicPartition,
  position: bigint | null,
): Promise<PlatformError> {
  const look = (timestamp: bigint): Promise<bigint | null> =>
    lookUpOffset(cluster, topic, partition, timestamp, 'read_uncommitted').catch(() => null);
  const [first, end] = await Promise.all([look(EARLIEST_TIMESTAMP), look(LATEST_TIMESTAMP)]);
  const range = first === null || end === null ? '' : `, which holds ${first} to ${end} (exclusive)`;
  return new PlatformError('KAFKA_OFFSET_OUT_OF_RANGE', {
    doing: `reading "${topic}" partition ${partition}`,
    why: `the position ${position} is not in the partition${range}`,
    context: { topic, partition, offset: String(position) },
  });
}
