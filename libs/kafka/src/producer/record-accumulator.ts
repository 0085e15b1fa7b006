import { PlatformError } from '@hasivu/errors';
import type { RecordHeaders } from '../records/batch-builder.ts';
import { packRecords, type Compression } from '../records/codec.ts';
import { BatchBuilder } from '../records/batch-builder.ts';
import { BuilderPool } from './builder-pool.ts';
import { PartitionQueue, type PendingBatch } from './partition-queue.ts';

/** Bytes of acknowledged buffers that stay allocated for reuse. */
const POOL_KEEP_BYTES = 16 * 1024 * 1024;

export interface AccumulatorOptions {
  readonly maxBatchBytes: number;
  /** A record between the two has a batch of its own. */
  readonly maxRecordBytes: number;
  /** What a topic takes, in bytes of a batch. */
  readonly recordLimitOf: (topic: string) => number;
  readonly deliveryTimeoutMs: number;
  /** Queues start ready where there is no transaction to join. */
  readonly isReady: boolean;
  readonly compression: Compression;
  /** Told when a batch is compressed and can be sent, or why it cannot be. */
  readonly onPacked: (failure: Error | null) => void;
}

/** Copies records into the open batch of their partition. Synchronous; knows nothing of brokers. */
export class RecordAccumulator {
  /** Bytes appended and not acknowledged yet. */
  bufferedBytes = 0;
  readonly #options: AccumulatorOptions;
  readonly #pool: BuilderPool;
  readonly #topics = new Map<string, PartitionQueue[]>();
  #lastTopic = '';
  #lastQueues: PartitionQueue[] = [];
  #nextBatchId = 1;

  constructor(options: AccumulatorOptions) {
    this.#options = options;
    this.#pool = new BuilderPool(options.maxBatchBytes, POOL_KEEP_BYTES);
  }

  get lastBatchId(): number {
    return this.#nextBatchId - 1;
  }

  *queues(): Generator<PartitionQueue> {
    for (const queues of this.#topics.values()) {
      // Sparse where only some partitions were written.
      for (const queue of queues) if (queue !== undefined) yield queue;
    }
  }

  /** Returns true where a batch became full and can be sent. Throws KAFKA_RECORD_TOO_LARGE. */
  append(
    topic: string,
    partition: number,
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    value: Buffer | null,
    valueStart: number,
    valueEnd: number,
    timestampMs: number,
    headers: RecordHeaders | undefined,
  ): boolean {
    const queue = this.#queue(topic, partition);
    let builder = (queue.open ??= this.#pool.take(queue.maxBatchBytes));
    const before = builder.count === 0 ? 0 : builder.size;
    if (builder.append(key, keyStart, keyEnd, value, valueStart, valueEnd, timestampMs, headers)) {
      this.bufferedBytes += builder.size - before;
      return false;
    }
    if (builder.count > 0) {
      this.#close(queue);
      builder = queue.open = this.#pool.take(queue.maxBatchBytes);
      if (builder.append(key, keyStart, keyEnd, value, valueStart, valueEnd, timestampMs, headers)) {
        this.bufferedBytes += builder.size;
        return true;
      }
    }
    const maxRecordBytes = Math.min(this.#options.maxRecordBytes, this.#options.recordLimitOf(topic));
    if (maxRecordBytes > queue.maxBatchBytes) {
      this.#pool.give(builder);
      builder = queue.open = new BatchBuilder(maxRecordBytes);
      if (builder.append(key, keyStart, keyEnd, value, valueStart, valueEnd, timestampMs, headers)) {
        this.bufferedBytes += builder.size;
        this.#close(queue);
        return true;
      }
    }
    const bytes = (key === null ? 0 : keyEnd - keyStart) + (value === null ? 0 : valueEnd - valueStart);
    throw new PlatformError('KAFKA_RECORD_TOO_LARGE', {
      doing: `appending a record for the topic "${topic}"`,
      why: `its key and value take ${bytes} bytes and a record may take ${maxRecordBytes}`,
      context: { topic, partition, bytes, maxRecordBytes },
    });
  }

  #queue(topic: string, partition: number): PartitionQueue {
    if (topic !== this.#lastTopic) {
      let queues = this.#topics.get(topic);
      if (queues === undefined) this.#topics.set(topic, (queues = []));
      this.#lastTopic = topic;
      this.#lastQueues = queues;
    }
    return (this.#lastQueues[partition] ??= this.#newQueue(topic, partition));
  }

  #newQueue(topic: string, partition: number): PartitionQueue {
    const { isReady, maxBatchBytes, recordLimitOf } = this.#options;
    return new PartitionQueue(topic, partition, isReady, Math.min(maxBatchBytes, recordLimitOf(topic)));
  }

  #close(queue: PartitionQueue): void {
    const builder = queue.open;
    if (builder === null || builder.count === 0) return;
    queue.open = null;
    const batch: PendingBatch = {
      id: this.#nextBatchId++,
      builder,
      bytes: builder.size,
      deadlineMs: performance.now() + this.#options.deliveryTimeoutMs,
      packed: null,
      isPacking: false,
      sealed: null,
      lastCode: 0,
    };
    queue.waiting.push(batch);
    const { compression } = this.#options;
    if (compression !== 'none') this.#pack(batch, compression);
  }

  #pack(batch: PendingBatch, compression: Exclude<Compression, 'none'>): void {
    batch.isPacking = true;
    packRecords(compression, batch.builder.records).then(
      (packed) => {
        batch.packed = packed;
        batch.isPacking = false;
        this.#options.onPacked(null);
      },
      (error: unknown) => this.#options.onPacked(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** Closes every open batch. */
  closeOpen(): void {
    for (const queue of this.queues()) this.#close(queue);
  }

  /** The broker has it, or it was dropped: the buffer goes back to the pool, unless a thread still reads it. */
  acknowledge(batch: PendingBatch): void {
    this.bufferedBytes -= batch.bytes;
    if (!batch.isPacking) this.#pool.give(batch.builder);
  }

  /** Drops what was not sent (an aborted transaction). */
  discardUnsent(): void {
    for (const queue of this.queues()) {
      if (queue.open !== null && queue.open.count > 0) {
        this.bufferedBytes -= queue.open.size;
        queue.open.reset();
      }
      for (const batch of queue.waiting) if (batch.sealed === null) this.acknowledge(batch);
      queue.waiting = queue.waiting.filter((batch) => batch.sealed !== null);
    }
  }
}
