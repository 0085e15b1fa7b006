const GRAIN_BYTES = 256 << 10;
/** Smaller answers are left to the collector. */
const SMALLEST_BYTES = 32 << 10;
/** Of buffers that wait for their next answer. */
const KEPT_BYTES = 6 << 20;

/**
 * Buffers of answers, used again: each would otherwise be megabytes outside the collector's heap that it frees late, since
 * their handles are old by the time that the last record is read.
 */
export class AnswerBuffers {
  readonly #own = new WeakSet<ArrayBufferLike>();
  readonly #free: ArrayBufferLike[] = [];
  #kept = 0;
  /** Batches of each answer that were not given back. */
  readonly #unread = new Map<ArrayBufferLike, number>();

  /** A buffer of this length, its contents undefined. */
  take(bytes: number): Buffer {
    if (bytes < SMALLEST_BYTES) return Buffer.allocUnsafe(bytes);
    const at = this.#free.findIndex((one) => one.byteLength >= bytes);
    const [waiting] = at < 0 ? [] : this.#free.splice(at, 1);
    if (waiting !== undefined) {
      this.#kept -= waiting.byteLength;
      return Buffer.from(waiting, 0, bytes);
    }
    const made = new ArrayBuffer(Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES);
    this.#own.add(made);
    return Buffer.from(made, 0, bytes);
  }

  /** One more batch of this answer will be read. */
  retain(answer: ArrayBufferLike): void {
    if (this.#own.has(answer)) this.#unread.set(answer, (this.#unread.get(answer) ?? 0) + 1);
  }

  /** A batch of this answer was read, or none of it will be. */
  release(answer: ArrayBufferLike): void {
    if (!this.#own.has(answer)) return;
    const left = (this.#unread.get(answer) ?? 1) - 1;
    if (left > 0) {
      this.#unread.set(answer, left);
      return;
    }
    this.#unread.delete(answer);
    if (this.#kept + answer.byteLength > KEPT_BYTES) return;
    this.#kept += answer.byteLength;
    this.#free.push(answer);
  }
}
