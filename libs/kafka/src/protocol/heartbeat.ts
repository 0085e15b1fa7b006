import type { KafkaApi } from './api.ts';

/** Who one is in a group. */
export interface GroupMembership {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
}

/** Says that a member lives, and asks whether the group divides its work anew. */
export const heartbeatApi: KafkaApi<GroupMembership, { readonly errorCode: number }> = {
  key: 12,
  version: 3,
  name: 'Heartbeat',
  flexible: false,
  encode(out, { groupId, generation, memberId }) {
    out.string(groupId).int32(generation).string(memberId).string(null);
  },
  decode(input) {
    input.int32(); // throttle time
    return { errorCode: input.int16() };
  },
};
