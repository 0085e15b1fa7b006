import type { KafkaApi } from './api.ts';
import type { Isolation } from './fetch.ts';
import { groupByTopic, type PartitionResult, type TopicPartition } from './topic-partition.ts';

export const LATEST_TIMESTAMP = -1n;
export const EARLIEST_TIMESTAMP = -2n;

export interface ListOffsetsRequest {
  readonly isolation: Isolation;
  /** The timestamp is in milliseconds since the epoch, or one of the two constants. */
  readonly partitions: readonly (TopicPartition & { readonly timestamp: bigint })[];
}

export interface ListOffsetsResult extends PartitionResult {
  readonly offset: bigint;
}

/** First, last or time-based offsets. With read_committed, "latest" is the last stable offset. */
export const listOffsetsApi: KafkaApi<ListOffsetsRequest, ListOffsetsResult[]> = {
  key: 2,
  version: 3,
  name: 'ListOffsets',
  flexible: false,
  encode(out, request) {
    out.int32(-1).int8(request.isolation === 'read_committed' ? 1 : 0);
    out.array(groupByTopic(request.partitions), ([topic, items]) => {
      out.string(topic).array(items, ({ partition, timestamp }) => out.int32(partition).int64(timestamp));
    });
  },
  decode(input) {
    input.int32(); // throttle time
    return input
      .array(() => {
        const topic = input.string();
        return input.array(() => {
          const partition = input.int32();
          const errorCode = input.int16();
          input.int64(); // timestamp
          return { topic, partition, errorCode, offset: input.int64() };
        });
      })
      .flat();
  },
};
