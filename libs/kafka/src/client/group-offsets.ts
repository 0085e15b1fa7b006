import { offsetCommitApi } from '../protocol/offset-commit.ts';
import { offsetFetchApi } from '../protocol/offset-fetch.ts';
import type { TopicPartitionOffset } from '../protocol/topic-partition.ts';
import type { KafkaCluster } from './kafka-cluster.ts';

/** Next offset to read, by topic and partition. */
export type GroupOffsets = Map<string, Map<number, bigint>>;

/**
 * The committed offsets of a group for all partitions of these topics. Sees what a transaction committed as soon as the
 * commit returned (waits while the broker still writes it). Partitions that were never committed are absent.
 */
export async function committedOffsets(
  cluster: KafkaCluster,
  groupId: string,
  topics: readonly string[],
): Promise<GroupOffsets> {
  const partitions: { topic: string; partition: number }[] = [];
  for (const topic of topics) {
    const count = await cluster.partitionsOf(topic);
    for (let partition = 0; partition < count; partition++) partitions.push({ topic, partition });
  }
  const response = await cluster.coordinatorRequest({
    kind: 'group',
    key: groupId,
    api: offsetFetchApi,
    request: { groupId, partitions },
    codesOf: (answer) => [answer.errorCode, ...answer.partitions.map((one) => one.errorCode)],
    doing: `reading the offsets of the group "${groupId}"`,
  });
  const offsets: GroupOffsets = new Map();
  for (const { topic, partition, offset } of response.partitions) {
    if (offset < 0n) continue;
    const ofTopic = offsets.get(topic) ?? new Map<number, bigint>();
    offsets.set(topic, ofTopic.set(partition, offset));
  }
  return offsets;
}

/** Commits offsets outside a transaction. The group must have no members: assignment is manual. */
export async function commitOffsets(
  cluster: KafkaCluster,
  groupId: string,
  offsets: readonly TopicPartitionOffset[],
): Promise<void> {
  if (offsets.length === 0) return;
  await cluster.coordinatorRequest({
    kind: 'group',
    key: groupId,
    api: offsetCommitApi,
    request: { groupId, offsets },
    codesOf: (answer) => answer.map((one) => one.errorCode),
    doing: `committing offsets of the group "${groupId}"`,
  });
}
