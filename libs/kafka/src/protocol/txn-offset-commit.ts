import type { KafkaApi } from './api.ts';
import type { ProducerIdentity } from './init-producer-id.ts';
import { groupByTopic, type PartitionResult, type TopicPartitionOffset } from './topic-partition.ts';

export interface TxnOffsetCommitRequest extends ProducerIdentity {
  readonly transactionalId: string;
  readonly groupId: string;
  readonly offsets: readonly TopicPartitionOffset[];
}

/** Writes a group's offsets inside the transaction: they become visible when it commits. */
export const txnOffsetCommitApi: KafkaApi<TxnOffsetCommitRequest, PartitionResult[]> = {
  key: 28,
  version: 2,
  name: 'TxnOffsetCommit',
  flexible: false,
  encode(out, request) {
    out.string(request.transactionalId).string(request.groupId);
    out.int64(request.producerId).int16(request.producerEpoch);
    out.array(groupByTopic(request.offsets), ([topic, items]) => {
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
