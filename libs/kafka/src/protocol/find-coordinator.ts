import type { KafkaApi } from './api.ts';
import type { BrokerAddress } from './metadata.ts';

export type CoordinatorKind = 'group' | 'transaction';

export interface FindCoordinatorResponse extends BrokerAddress {
  readonly errorCode: number;
}

/** Which broker keeps the offsets of a group or the state of a transactional id. */
export const findCoordinatorApi: KafkaApi<
  { readonly key: string; readonly kind: CoordinatorKind },
  FindCoordinatorResponse
> = {
  key: 10,
  version: 2,
  name: 'FindCoordinator',
  flexible: false,
  encode(out, { key, kind }) {
    out.string(key).int8(kind === 'group' ? 0 : 1);
  },
  decode(input) {
    input.int32(); // throttle time
    const errorCode = input.int16();
    input.nullableString(); // error message
    return { errorCode, nodeId: input.int32(), host: input.string(), port: input.int32() };
  },
};
