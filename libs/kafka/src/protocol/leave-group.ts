import type { KafkaApi } from './api.ts';

/** Leaves a group, so that the others need not wait until one counts as dead. */
export const leaveGroupApi: KafkaApi<
  { readonly groupId: string; readonly memberId: string },
  { readonly errorCode: number }
> = {
  key: 13,
  version: 3,
  name: 'LeaveGroup',
  flexible: false,
  encode(out, { groupId, memberId }) {
    out.string(groupId).array([memberId], (id) => {
      out.string(id).string(null);
    });
  },
  decode(input) {
    input.int32(); // throttle time
    const errorCode = input.int16();
    const members = input.array(() => {
      input.string(); // member
      input.nullableString(); // instance
      return input.int16();
    });
    return { errorCode: errorCode === 0 ? (members.find((code) => code !== 0) ?? 0) : errorCode };
  },
};
