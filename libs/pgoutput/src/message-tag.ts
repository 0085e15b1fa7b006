/** First byte of a pgoutput message of a complete transaction. */
export const MESSAGE = {
  begin: 0x42, // B
  commit: 0x43, // C
  origin: 0x4f, // O
  relation: 0x52, // R
  type: 0x59, // Y
  insert: 0x49, // I
  update: 0x55, // U
  delete: 0x44, // D
  truncate: 0x54, // T
  logical: 0x4d, // M
} as const;

/** Byte before a tuple: which version of the row it is. */
export const TUPLE = {
  newRow: 0x4e, // N
  oldKey: 0x4b, // K: only the replica identity's columns are filled
  oldRow: 0x4f, // O: the whole old row (REPLICA IDENTITY FULL)
} as const;
