import type { KafkaApi } from './api.ts';
import type { ProducerIdentity } from './init-producer-id.ts';

export interface EndTxnRequest extends ProducerIdentity {
  readonly transactionalId: string;
  readonly commit: boolean;
}

/** Commits or aborts. Repeating the same decision after a lost answer is safe: the coordinator remembers it. */
export const endTxnApi: KafkaApi<EndTxnRequest, { readonly errorCode: number }> = {
  key: 26,
  version: 1,
  name: 'EndTxn',
  flexible: false,
  encode(out, request) {
    out.string(request.transactionalId).int64(request.producerId).int16(request.producerEpoch);
    out.bool(request.commit);
  },
  decode(input) {
    input.int32(); // throttle time
    return { errorCode: input.int16() };
  },
};
