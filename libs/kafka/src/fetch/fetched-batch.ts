import type { FetchResult, Isolation } from '../protocol/fetch.ts';
import type { TopicPartition } from '../protocol/topic-partition.ts';
import { AbortedTransactions } from '../records/aborted-transactions.ts';
import { RecordCursor } from '../records/record-cursor.ts';
import { measureRecordSet } from '../records/record-set.ts';
import type { PartitionState } from './partition-state.ts';

/**
 * What one fetch brought for one partition. The cursor may hold no records at all where everything was control batches or
 * aborted: the position still moves to `nextOffset`.
 */
export interface FetchedBatch extends TopicPartition {
  /** Offset from which this batch continues: the `nextOffset` of the one before. */
  readonly fetchOffset: bigint;
  /** Where to continue (and what to commit) once the cursor is read to its end. */
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  /** First offset of the oldest open transaction, or the high watermark where there is none. */
  readonly lastStableOffset: bigint;
  readonly cursor: RecordCursor;
  /** Bytes as fetched (compressed). */
  readonly bytes: number;
}

/** What an answer brought for a partition from its position on; null where that is nothing. */
export function batchOf(
  { topic, partition, position: fetchOffset }: PartitionState,
  { records, aborted, highWatermark, lastStableOffset }: FetchResult,
  isolation: Isolation,
): FetchedBatch | null {
  const where = `"${topic}" partition ${partition}`;
  const { completeBytes: bytes, nextOffset } = measureRecordSet(records, where);
  if (nextOffset === null || fetchOffset === null || nextOffset <= fetchOffset) return null;
  const cursor = new RecordCursor({
    set: records.subarray(0, bytes),
    fromOffset: fetchOffset,
    aborted: new AbortedTransactions(isolation === 'read_committed' ? aborted : []),
    where,
  });
  return { topic, partition, fetchOffset, nextOffset, highWatermark, lastStableOffset, cursor, bytes };
}
