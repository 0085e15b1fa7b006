import type { BatchBuilder } from '../records/batch-builder.ts';
import type { PackedRecords } from '../records/codec.ts';

const SEQUENCE_SPAN = 2 ** 31;

/** A full or flushed batch on its way to the broker. */
export interface PendingBatch {
  readonly id: number;
  readonly builder: BatchBuilder;
  /** Bytes that count against `bufferedBytes` until it is acknowledged. */
  readonly bytes: number;
  readonly deadlineMs: number;
  /** Compressed records; null before they are ready, and in a producer that does not compress. */
  packed: PackedRecords | null;
  /** True while its records are being compressed: it and all behind it wait, so that the order holds. */
  isPacking: boolean;
  /** Final bytes, made at the first send and repeated unchanged by retries. */
  sealed: Buffer | null;
  lastCode: number;
}

/**
 * The batches of one partition in sequence order: `open` collects records, `waiting` were not sent (or have to be sent
 * again), `inFlight` have no answer yet, `failed` got a passing error and go back to the front once nothing is in flight,
 * so that the order of sequence numbers never breaks.
 */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** Bound on its batches, unless one holds a single record. */
  readonly maxBatchBytes: number;
  open: BatchBuilder | null = null;
  waiting: PendingBatch[] = [];
  readonly inFlight: PendingBatch[] = [];
  failed: PendingBatch[] = [];
  /** Sends nothing before this moment (of `performance.now()`). */
  notBeforeMs = 0;
  /** False while the partition is not part of the open transaction. Without transactions always true. */
  isReady: boolean;
  #nextSequence = 0;
  #isKnownToBroker = false;

  constructor(topic: string, partition: number, isReady: boolean, maxBatchBytes: number) {
    this.maxBatchBytes = maxBatchBytes;
    this.topic = topic;
    this.partition = partition;
    this.isReady = isReady;
  }

  /** The base sequence of a batch of `count` records that is sent for the first time. */
  takeSequence(count: number): number {
    const sequence = this.#nextSequence;
    this.#nextSequence = (sequence + count) % SEQUENCE_SPAN;
    return sequence;
  }

  /** Called for every batch the broker has taken. */
  acknowledged(): void {
    this.#isKnownToBroker = true;
  }

  /**
   * The batch to send next. A broker takes any sequence number from a producer it does not know yet, so behind a first
   * batch that is refused in passing a second one would be written, and the first could never follow: the first goes alone.
   */
  get next(): PendingBatch | undefined {
    const first = this.#isKnownToBroker || this.inFlight.length === 0 ? this.waiting[0] : undefined;
    return first?.isPacking === true ? undefined : first;
  }

  get hasWork(): boolean {
    return this.waiting.length > 0 || this.inFlight.length > 0 || this.failed.length > 0;
  }

  /** Takes a batch out of those in flight. */
  settle(batch: PendingBatch): void {
    const index = this.inFlight.indexOf(batch);
    if (index >= 0) this.inFlight.splice(index, 1);
  }

  /** Puts failed batches back to the front, in order, once no answer is outstanding. True where it did. */
  requeueFailed(notBeforeMs: number): boolean {
    if (this.failed.length === 0 || this.inFlight.length > 0) return false;
    this.failed.sort((a, b) => a.id - b.id);
    this.waiting = [...this.failed, ...this.waiting];
    this.failed = [];
    this.notBeforeMs = notBeforeMs;
    return true;
  }
}
