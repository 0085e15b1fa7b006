import type { KafkaApi } from './api.ts';
import type { GroupMembership } from './heartbeat.ts';

export interface SyncGroupRequest extends GroupMembership {
  /** By member; empty but from the leader. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

/** Hands in the leader's division of the work, and asks for one's own part of it. */
export const syncGroupApi: KafkaApi<
  SyncGroupRequest,
  { readonly errorCode: number; readonly assignment: Buffer }
> = {
  key: 14,
  version: 3,
  name: 'SyncGroup',
  flexible: false,
  encode(out, { groupId, generation, memberId, assignments }) {
    out.string(groupId).int32(generation).string(memberId).string(null);
    out.array([...assignments], ([id, bytes]) => {
      out.string(id).bytes(bytes);
    });
  },
  decode(input) {
    input.int32(); // throttle time
    return { errorCode: input.int16(), assignment: Buffer.from(input.bytes() ?? []) };
  },
};
