const HEADER_BYTES = 5;
const INITIAL_BYTES = 1 << 20;
const KEEP_BYTES = 8 << 20;

/**
 * Messages of the Postgres wire protocol, read in place from what the socket delivered. `next` leaves the message's tag
 * and the bounds of its body; they stay valid until the next `append`.
 */
export class FrameBuffer {
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** First byte of the message. */
  tag = 0;
  /** Bounds of the body, behind tag and length. */
  start = 0;
  end = 0;
  #head = 0;
  #tail = 0;

  append(chunk: Buffer): void {
    const pending = this.#tail - this.#head;
    const needed = pending + chunk.length;
    if (this.#tail + chunk.length > this.buffer.length || this.#head > 0) this.#compact(needed, pending);
    chunk.copy(this.buffer, this.#tail);
    this.#tail += chunk.length;
  }

  /** False when the next message is not complete yet. */
  next(): boolean {
    const at = this.#head;
    if (this.#tail - at < HEADER_BYTES) return false;
    const buffer = this.buffer;
    const length =
      ((buffer[at + 1] as number) << 24) |
      ((buffer[at + 2] as number) << 16) |
      ((buffer[at + 3] as number) << 8) |
      (buffer[at + 4] as number);
    if (this.#tail - at <= length) return false;
    this.tag = buffer[at] as number;
    this.start = at + HEADER_BYTES;
    this.end = this.#head = at + 1 + length;
    return true;
  }

  // One large value makes the buffer grow; afterwards it shrinks again, so that the memory is not held for ever.
  #compact(needed: number, pending: number): void {
    const fits = needed <= this.buffer.length && (this.buffer.length <= KEEP_BYTES || needed > INITIAL_BYTES);
    if (fits) {
      this.buffer.copyWithin(0, this.#head, this.#tail);
    } else {
      const grown = Buffer.allocUnsafeSlow(needed <= INITIAL_BYTES ? INITIAL_BYTES : needed * 2);
      this.buffer.copy(grown, 0, this.#head, this.#tail);
      this.buffer = grown;
    }
    this.#head = 0;
    this.#tail = pending;
  }
}
