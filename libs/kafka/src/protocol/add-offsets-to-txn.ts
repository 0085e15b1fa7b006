import type { KafkaApi } from './api.ts';
import type { ProducerIdentity } from './init-producer-id.ts';

export interface AddOffsetsToTxnRequest extends ProducerIdentity {
  readonly transactionalId: string;
  readonly groupId: string;
}

/** Adds the offsets of a consumer group to the open transaction. */
export const addOffsetsToTxnApi: KafkaApi<AddOffsetsToTxnRequest, { readonly errorCode: number }> = {
  key: 25,
  version: 1,
  name: 'AddOffsetsToTxn',
  flexible: false,
  encode(out, request) {
    out.string(request.transactionalId).int64(request.producerId).int16(request.producerEpoch);
    out.string(request.groupId);
  },
  decode(input) {
    input.int32(); // throttle time
    return { errorCode: input.int16() };
  },
};
