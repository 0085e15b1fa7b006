import type { KafkaApi } from './api.ts';
import { groupByTopic, type PartitionResult, type TopicPartition } from './topic-partition.ts';

/** One sealed record batch for one partition; a request holds at most one per partition. */
export interface PartitionRecords extends TopicPartition {
  readonly records: Buffer;
}

export interface ProduceRequest {
  readonly transactionalId: string | null;
  readonly timeoutMs: number;
  readonly batches: readonly PartitionRecords[];
}

export interface ProduceResult extends PartitionResult {
  /** Offset of the first record, or -1 where the broker does not know it any more (a repeated batch). */
  readonly baseOffset: bigint;
}

/** Writes batches with acks = all. The batches' bytes are sent by reference, not copied. */
export const produceApi: KafkaApi<ProduceRequest, ProduceResult[]> = {
  key: 0,
  version: 7,
  name: 'Produce',
  flexible: false,
  encode(out, request) {
    out.string(request.transactionalId).int16(-1).int32(request.timeoutMs);
    out.array(groupByTopic(request.batches), ([topic, items]) => {
      out.string(topic).array(items, ({ partition, records }) => {
        out.int32(partition).int32(records.length).external(records);
      });
    });
  },
  decode(input) {
    return input
      .array(() => {
        const topic = input.string();
        return input.array(() => {
          const partition = input.int32();
          const errorCode = input.int16();
          const baseOffset = input.int64();
          input.int64(); // log append time
          input.int64(); // log start offset
          return { topic, partition, errorCode, baseOffset };
        });
      })
      .flat();
  },
};
