import { BatchBuilder } from '../records/batch-builder.ts';

/** Batch buffers that were acknowledged and wait for reuse. What exceeds `keepBytes` is left to the garbage collector. */
export class BuilderPool {
  readonly #free: BatchBuilder[] = [];
  readonly #maxBatchBytes: number;
  readonly #keepBytes: number;
  #freeBytes = 0;

  constructor(maxBatchBytes: number, keepBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
    this.#keepBytes = keepBytes;
  }

  /** @param maxBytes of the batch, at most those of the pool */
  take(maxBytes: number): BatchBuilder {
    const builder = this.#free.pop();
    if (builder === undefined) return new BatchBuilder(maxBytes);
    this.#freeBytes -= builder.capacity;
    builder.maxBytes = maxBytes;
    return builder;
  }

  give(builder: BatchBuilder): void {
    // One that held a single large record would be no smaller for the next batch.
    if (builder.capacity > this.#maxBatchBytes) return;
    if (this.#freeBytes + builder.capacity > this.#keepBytes) return;
    builder.reset();
    this.#freeBytes += builder.capacity;
    this.#free.push(builder);
  }
}
