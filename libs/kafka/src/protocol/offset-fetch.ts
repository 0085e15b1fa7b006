import type { KafkaApi } from './api.ts';
import { groupByTopic, type PartitionResult, type TopicPartition } from './topic-partition.ts';

export interface OffsetFetchRequest {
  readonly groupId: string;
  readonly partitions: readonly TopicPartition[];
}

export interface OffsetFetchResult extends PartitionResult {
  /** The committed offset, or -1 where the group never committed one. */
  readonly offset: bigint;
}

export interface OffsetFetchResponse {
  readonly errorCode: number;
  readonly partitions: OffsetFetchResult[];
}

/**
 * Committed offsets of a group, with `require_stable`: while a transaction that ended is still being written to the
 * group's log, the broker answers UNSTABLE_OFFSET_COMMIT instead of the offset before it.
 */
export const offsetFetchApi: KafkaApi<OffsetFetchRequest, OffsetFetchResponse> = {
  key: 9,
  version: 7,
  name: 'OffsetFetch',
  flexible: true,
  encode(out, { groupId, partitions }) {
    out.compactString(groupId);
    out.compactArray(groupByTopic(partitions), ([topic, items]) => {
      out.compactString(topic).compactArray(items, ({ partition }) => out.int32(partition));
      out.tags();
    });
    out.bool(true).tags();
  },
  decode(input) {
    input.int32(); // throttle time
    const partitions = input
      .compactArray(() => {
        const topic = input.compactString();
        const results = input.compactArray(() => {
          const partition = input.int32();
          const offset = input.int64();
          input.int32(); // leader epoch
          input.compactNullableString(); // metadata
          const errorCode = input.int16();
          input.tags();
          return { topic, partition, offset, errorCode };
        });
        input.tags();
        return results;
      })
      .flat();
    return { errorCode: input.int16(), partitions };
  },
};
