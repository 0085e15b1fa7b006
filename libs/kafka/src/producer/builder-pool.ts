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

  take(): BatchBuilder {
    const builder = this.#free.pop();
    if (builder === undefined) return new BatchBuilder(this.#maxBatchBytes);
    this.#freeBytes -= builder.capacity;
    return builder;
  }

  give(builder: BatchBuilder): void {
    if (this.#freeBytes + builder.capacity > this.#keepBytes) return;
    builder.reset();
    this.#freeBytes += builder.capacity;
    this.#free.push(builder);
  }
}
