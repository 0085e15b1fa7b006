import type { KafkaApi } from './api.ts';
import type { ProducerIdentity } from './init-producer-id.ts';
import { groupByTopic, type PartitionResult, type TopicPartition } from './topic-partition.ts';

export interface AddPartitionsToTxnRequest extends ProducerIdentity {
  readonly transactionalId: string;
  readonly partitions: readonly TopicPartition[];
}

/** Tells the coordinator which partitions the open transaction writes, before anything is produced to them. */
export const addPartitionsToTxnApi: KafkaApi<AddPartitionsToTxnRequest, PartitionResult[]> = {
  key: 24,
  version: 1,
  name: 'AddPartitionsToTxn',
  flexible: false,
  encode(out, request) {
    out.string(request.transactionalId).int64(request.producerId).int16(request.producerEpoch);
    out.array(groupByTopic(request.partitions), ([topic, items]) => {
      out.string(topic).array(items, ({ partition }) => out.int32(partition));
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
