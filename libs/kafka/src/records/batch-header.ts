/** Byte positions in the header of a RecordBatch of magic 2. The checksum covers everything from the attributes on. */
export const BATCH = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;

/** Bytes in front of what `batchLength` counts. */
export const BATCH_LOG_OVERHEAD = 12;

export const ATTRIBUTE = { codecMask: 0x07, transactional: 0x10, control: 0x20 } as const;
