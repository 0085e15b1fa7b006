/** Makes a buffer of this length for one frame. */
export type AllocateFrame = (bytes: number) => Buffer;

/**
 * Cuts a stream of chunks into frames of an int32 length and that many bytes. Each frame is copied once, into a buffer of
 * its own: chunks may be reused by the caller, and no list of them piles up behind a large answer.
 */
export class FrameAssembler {
  readonly #onFrame: (frame: Buffer) => void;
  readonly #allocate: AllocateFrame;
  readonly #length = Buffer.alloc(4);
  #lengthBytes = 0;
  #frame: Buffer | null = null;
  #frameBytes = 0;

  constructor(
    onFrame: (frame: Buffer) => void,
    allocate: AllocateFrame = (bytes) => Buffer.allocUnsafe(bytes),
  ) {
    this.#onFrame = onFrame;
    this.#allocate = allocate;
  }

  /** Takes the next bytes of the stream; calls `onFrame` for every frame they complete. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === null) {
        const taken = chunk.copy(this.#length, this.#lengthBytes, at, at + 4 - this.#lengthBytes);
        at += taken;
        this.#lengthBytes += taken;
        if (this.#lengthBytes < 4) return;
        this.#lengthBytes = 0;
        this.#frame = this.#allocate(this.#length.readInt32BE(0));
        this.#frameBytes = 0;
      }
      if (at < chunk.length) {
        const taken = chunk.copy(this.#frame, this.#frameBytes, at);
        at += taken;
        this.#frameBytes += taken;
      }
      if (this.#frameBytes < this.#frame.length) return;
      const frame = this.#frame;
      this.#frame = null;
      this.#onFrame(frame);
    }
  }
}
