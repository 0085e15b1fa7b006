import { AnswerBuffers } from './answer-buffers.ts';
import type { FetchedBatch } from './fetched-batch.ts';
import type { PartitionState } from './partition-state.ts';

/** A batch that waits to be handed out. */
interface ReadyBatch {
  readonly state: PartitionState;
  readonly batch: FetchedBatch;
  /** What its bytes are a part of. */
  readonly answer: ArrayBufferLike;
}

/** Batches that were fetched and not handed out, the oldest first, and the buffers that they lie in. */
export class ReadyBatches {
  readonly #items: ReadyBatch[] = [];
  readonly #answers: AnswerBuffers | null;
  /** Of the batch that was handed out last. */
  #inUse: ArrayBufferLike | null = null;
  #bytes = 0;

  /** @param reuseAnswers whether the buffer of an answer is used again once its last batch is done with */
  constructor(reuseAnswers: boolean) {
    this.#answers = reuseAnswers ? new AnswerBuffers() : null;
  }

  /** Bytes of the batches that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gives the buffer of an answer; undefined where each has one of its own. */
  get allocate(): ((bytes: number) => Buffer) | undefined {
    const answers = this.#answers;
    return answers === null ? undefined : (bytes) => answers.take(bytes);
  }

  /** @param answer what the bytes of the batch are a part of */
  add(state: PartitionState, batch: FetchedBatch, answer: ArrayBufferLike): void {
    state.position = batch.nextOffset;
    state.queuedBatches++;
    this.#bytes += batch.bytes;
    this.#answers?.retain(answer);
    this.#items.push({ state, batch, answer });
  }

  /** The oldest batch of a partition that is not held back; null where there is none. It is in use up to `done()`. */
  take(): FetchedBatch | null {
    const index = this.#items.findIndex((item) => !item.state.isPaused);
    const item = this.#items[index];
    if (item === undefined) return null;
    this.#items.splice(index, 1);
    const { state, batch, answer } = item;
    this.#inUse = answer;
    state.queuedBatches--;
    state.delivered = batch.nextOffset;
    this.#bytes -= batch.bytes;
    return batch;
  }

  /** The batch that was taken last is not read any more. */
  done(): void {
    if (this.#inUse !== null) this.#answers?.release(this.#inUse);
    this.#inUse = null;
  }

  /** Forgets the batches of a partition. */
  drop(state: PartitionState): void {
    for (let i = this.#items.length - 1; i >= 0; i--) {
      const item = this.#items[i];
      if (item?.state !== state) continue;
      this.#bytes -= item.batch.bytes;
      this.#answers?.release(item.answer);
      this.#items.splice(i, 1);
    }
  }

  clear(): void {
    this.#items.length = 0;
  }
}
