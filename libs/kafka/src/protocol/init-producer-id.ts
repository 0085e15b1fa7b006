import type { KafkaApi } from './api.ts';

/** A producer's identity. The epoch grows each time the transactional id is taken over: older ones are fenced. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface InitProducerIdRequest {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  /** Our current identity when we only want a new epoch, so that we cannot fence whoever took over meanwhile. */
  readonly current: ProducerIdentity | null;
}

export const initProducerIdApi: KafkaApi<
  InitProducerIdRequest,
  ProducerIdentity & { readonly errorCode: number }
> = {
  key: 22,
  version: 3,
  name: 'InitProducerId',
  flexible: true,
  encode(out, { transactionalId, transactionTimeoutMs, current }) {
    out.compactString(transactionalId).int32(transactionTimeoutMs);
    out.int64(current?.producerId ?? -1n).int16(current?.producerEpoch ?? -1);
    out.tags();
  },
  decode(input) {
    input.int32(); // throttle time
    const errorCode = input.int16();
    return { errorCode, producerId: input.int64(), producerEpoch: input.int16() };
  },
};
