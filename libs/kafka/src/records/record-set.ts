import { PlatformError } from '@hasivu/errors';
import { BATCH, BATCH_LOG_OVERHEAD } from './batch-header.ts';

export interface RecordSetExtent {
  /** Bytes of whole batches; what follows is a batch that the fetch size cut off. */
  readonly completeBytes: number;
  /** The offset after the last whole batch, or null where there is no whole batch. */
  readonly nextOffset: bigint | null;
}

/** Walks the batch headers of a fetched record set. `where` names topic and partition for errors. */
export function measureRecordSet(set: Buffer, where: string): RecordSetExtent {
  let at = 0;
  let nextOffset: bigint | null = null;
  while (set.length - at >= BATCH.records) {
    const magic = set.readInt8(at + BATCH.magic);
    if (magic !== 2) {
      throw new PlatformError('KAFKA_FORMAT_TOO_OLD', {
        doing: `reading ${where}`,
        why: `the message set has magic ${magic}, not 2`,
        context: { magic },
      });
    }
    const length = set.readInt32BE(at + BATCH.batchLength);
    if (length < BATCH.records - BATCH_LOG_OVERHEAD) {
      throw new PlatformError('KAFKA_BATCH_CORRUPT', {
        doing: `reading ${where}`,
        why: `a batch claims a length of ${length} bytes`,
      });
    }
    const end = at + BATCH_LOG_OVERHEAD + length;
    if (end > set.length) break;
    nextOffset = set.readBigInt64BE(at) + BigInt(set.readInt32BE(at + BATCH.lastOffsetDelta)) + 1n;
    at = end;
  }
  return { completeBytes: at, nextOffset };
}
