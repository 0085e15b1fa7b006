import type { KafkaApi } from './api.ts';

export interface JoinGroupRequest {
  readonly groupId: string;
  /** Empty for who was no member yet. */
  readonly memberId: string;
  readonly sessionTimeoutMs: number;
  /** How long the coordinator waits for the other members to join again. */
  readonly rebalanceTimeoutMs: number;
  /** Kind of group, and name of the way in which its members divide the work. */
  readonly protocol: string;
  readonly metadata: Buffer;
}

export interface GroupMemberMetadata {
  readonly memberId: string;
  readonly metadata: Buffer;
}

export interface JoinGroupResponse {
  readonly errorCode: number;
  readonly generation: number;
  readonly leaderId: string;
  readonly memberId: string;
  /** Of all members; only the leader gets them. */
  readonly members: readonly GroupMemberMetadata[];
}

/** Joins a group, or joins it again: answered when all members have. */
export const joinGroupApi: KafkaApi<JoinGroupRequest, JoinGroupResponse> = {
  key: 11,
  version: 5,
  name: 'JoinGroup',
  flexible: false,
  encode(out, { groupId, memberId, sessionTimeoutMs, rebalanceTimeoutMs, protocol, metadata }) {
    out.string(groupId).int32(sessionTimeoutMs).int32(rebalanceTimeoutMs).string(memberId).string(null);
    out.string(protocol).array([metadata], (bytes) => {
      out.string(protocol).bytes(bytes);
    });
  },
  decode(input) {
    input.int32(); // throttle time
    const errorCode = input.int16();
    const generation = input.int32();
    input.nullableString(); // protocol
    const leaderId = input.string();
    const memberId = input.string();
    const members = input.array(() => {
      const id = input.string();
      input.nullableString(); // instance
      // What is kept must not hold on to the whole answer.
      return { memberId: id, metadata: Buffer.from(input.bytes() ?? []) };
    });
    return { errorCode, generation, leaderId, memberId, members };
  },
};
