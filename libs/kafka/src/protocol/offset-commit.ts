import type { KafkaApi } from './api.ts';
import { groupByTopic, type PartitionResult, type TopicPartitionOffset } from './topic-partition.ts';

export interface OffsetCommitRequest {
  readonly groupId: string;
  readonly offsets: readonly TopicPartitionOffset[];
}

/** Writes offsets of a group that has no members (manual assignment), outside any transaction. */
export const offsetCommitApi: KafkaApi<OffsetCommitRequest, PartitionResult[]> = {
  key: 8,
  version: 7,
  name: 'OffsetCommit',
  flexible: false,
  encode(out, { groupId, offsets }) {
    out.string(groupId).int32(-1).string('').string(null);
    out.array(groupByTopic(offsets), ([topic, items]) => {
      out.string(topic).array(items, ({ partition, offset }) => {
        out.int32(partition).int64(offset).int32(-1).string(null);
      });
    });
  },
  decode(input) {
    input.int32(); // throttle time
    return input
      .array(() => {
        const topic = input.string();
        return input.array(() => ({ topic, partition: input.int32(), errorCode: input.int16() }));
      })
      .flat();
  },
};
