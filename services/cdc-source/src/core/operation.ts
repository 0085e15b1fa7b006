/** Character codes of the operations of events. */
export const OP = { read: 0x72, create: 0x63, update: 0x75, delete: 0x64, truncate: 0x74 } as const;
