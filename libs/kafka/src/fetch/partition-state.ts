import type { Isolation } from '../protocol/fetch.ts';
import type { TopicPartition } from '../protocol/topic-partition.ts';

export interface Assignment extends TopicPartition {
  /** Offset of the first record to read, or an end of the partition, looked up when it is first reached. */
  readonly offset: bigint | 'earliest' | 'latest';
}

export interface PartitionLag extends TopicPartition {
  /** Offset after the last batch that `next()` returned; null before the start offset is known. */
  readonly position: bigint | null;
  /** What a reader of this isolation can reach at most; null before the first answer. */
  readonly endOffset: bigint | null;
  /** Offsets between the two (control records count); null where one is unknown. */
  readonly lag: bigint | null;
}

export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Where one assigned partition stands. */
export class PartitionState {
  /** Unique among partitions. */
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly start: bigint | 'earliest' | 'latest';
  /** Next offset to fetch; null until the start is looked up. */
  position: bigint | null;
  /** Next offset to hand out. */
  delivered: bigint | null;
  highWatermark: bigint | null = null;
  lastStableOffset: bigint | null = null;
  isPaused = false;
  /** Part of a request that is under way, or its start offset is being looked up. */
  isBusy = false;
  /** Batches fetched and not handed out. */
  queuedBatches = 0;
  /** Is not asked for before this moment (of `performance.now()`). */
  notBeforeMs = 0;

  constructor({ topic, partition, offset }: Assignment) {
    this.name = partitionName(topic, partition);
    this.topic = topic;
    this.partition = partition;
    this.start = offset;
    this.position = typeof offset === 'bigint' ? offset : null;
    this.delivered = this.position;
  }

  lag(isolation: Isolation): PartitionLag {
    const endOffset = isolation === 'read_committed' ? this.lastStableOffset : this.highWatermark;
    const position = this.delivered;
    const distance = endOffset === null || position === null ? null : endOffset - position;
    return {
      topic: this.topic,
      partition: this.partition,
      position,
      endOffset,
      lag: distance !== null && distance < 0n ? 0n : distance,
    };
  }
}
