import type { KafkaApi } from './api.ts';
import {
  groupByTopic,
  type PartitionResult,
  type TopicPartition,
  type TopicPartitionOffset,
} from './topic-partition.ts';

export type Isolation = 'read_committed' | 'read_uncommitted';

export interface FetchPartition extends TopicPartitionOffset {
  readonly maxBytes: number;
}

export interface FetchRequest {
  readonly isolation: Isolation;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 0 where there is none. */
  readonly sessionId: number;
  /** 0 begins a session. */
  readonly epoch: number;
  /** All of a new session, else those that changed. */
  readonly partitions: readonly FetchPartition[];
  /** Those that the session has to leave out from now on. */
  readonly forgotten: readonly TopicPartition[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface FetchResult extends PartitionResult {
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches as they lie in the log (a slice of the response); the last one may be cut off. */
  readonly records: Buffer;
}

const NO_RECORDS = Buffer.alloc(0);

export interface FetchAnswer {
  readonly errorCode: number;
  /** 0 when the broker keeps none. */
  readonly sessionId: number;
  /** In a session only those with news. */
  readonly partitions: FetchResult[];
}

/** Reads record sets. */
export const fetchApi: KafkaApi<FetchRequest, FetchAnswer> = {
  key: 1,
  version: 11,
  name: 'Fetch',
  flexible: false,
  encode(out, request) {
    out.int32(-1).int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
    out.int8(request.isolation === 'read_committed' ? 1 : 0);
    out.int32(request.sessionId).int32(request.epoch);
    out.array(groupByTopic(request.partitions), ([topic, items]) => {
      out.string(topic).array(items, ({ partition, offset, maxBytes }) => {
        out.int32(partition).int32(-1).int64(offset).int64(-1n).int32(maxBytes);
      });
    });
    out.array(groupByTopic(request.forgotten), ([topic, items]) => {
      out.string(topic).array(items, ({ partition }) => out.int32(partition));
    });
    out.string(''); // no rack
  },
  decode(input) {
    input.int32(); // throttle time
    const errorCode = input.int16();
    const sessionId = input.int32();
    const partitions = input
      .array(() => {
        const topic = input.string();
        return input.array(() => {
          const partition = input.int32();
          const partitionError = input.int16();
          const highWatermark = input.int64();
          const lastStableOffset = input.int64();
          const logStartOffset = input.int64();
          const aborted = input.array(() => ({ producerId: input.int64(), firstOffset: input.int64() }));
          input.int32(); // preferred read replica
          const records = input.bytes() ?? NO_RECORDS;
          return {
            topic,
            partition,
            errorCode: partitionError,
            highWatermark,
            lastStableOffset,
            logStartOffset,
            aborted,
            records,
          };
        });
      })
      .flat();
    return { errorCode, sessionId, partitions };
  },
};
