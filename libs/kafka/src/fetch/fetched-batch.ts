import type { TopicPartition } from '../protocol/topic-partition.ts';
import type { RecordCursor } from '../records/record-cursor.ts';

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
