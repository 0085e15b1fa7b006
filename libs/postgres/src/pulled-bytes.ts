import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a connection has received, taken when its reader has time. */
export interface PulledBytes {
  /** Called when `received` has something to give, and when it never will again. */
  onArrival: () => void;
  /** What has arrived, valid until the next call; null when there is nothing, and then `onArrival` comes. */
  received(): Buffer | null;
  /** Throws away whatever comes from now on, so that the stream can end. */
  discard(): void;
}

const READ_BYTES = 262_144;
/** A reader that is done sooner leaves what comes meanwhile to the kernel. */
const READ_INTERVAL_MS = 1;

/**
 * A TCP socket read into one reused buffer, at most once a millisecond while less than the buffer arrives. A walsender
 * sends row by row: taken as they come, a million rows are some 650,000 reads, wake-ups and buffers.
 */
export class PacedSocket extends Socket implements PulledBytes {
  onArrival: () => void = () => undefined;
  readonly #buffer: Buffer;
  #arrived = 0;
  /** From the moment bytes are asked for until they come: never while the buffer holds some. */
  #isReading = false;
  #reader: 'handshake' | 'pulled' | 'none' = 'handshake';
  #lastReadMs = 0;
  #lastRead = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const options: SocketConstructorOpts & Record<'onread', unknown> = {
      onread: { buffer, callback: (length: number) => this.#receive(length) },
    };
    super(options);
    this.#buffer = buffer;
  }

  /** From here on nothing is read unless `received` finds nothing; before, it is a stream like any other. */
  pull(): this {
    this.#reader = 'pulled';
    this.pause();
    this.once('close', () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
    });
    return this;
  }

  received(): Buffer | null {
    if (this.#arrived > 0) {
      const bytes = this.#buffer.subarray(0, this.#arrived);
      this.#arrived = 0;
      return bytes;
    }
    if (this.#isReading || this.#timer !== null) return null;
    const early = this.#lastRead < READ_BYTES && performance.now() - this.#lastReadMs < READ_INTERVAL_MS;
    if (!early) this.#read();
    else
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#read();
      }, READ_INTERVAL_MS);
    return null;
  }

  #read(): void {
    this.#isReading = true;
    this.resume();
  }

  discard(): void {
    this.#reader = 'none';
    this.resume();
  }

  /** Returns false to stop reading: the buffer is in use until `received` is called again. */
  #receive(length: number): boolean {
    if (this.#reader === 'none') return true;
    if (this.#reader === 'handshake') {
      this.emit('data', Buffer.from(this.#buffer.subarray(0, length)));
      return true;
    }
    if (!this.#isReading) {
      // What the buffer holds is overwritten. Without the connection it comes again; without this it would be missed.
      this.destroy(new Error('bytes arrived that were not asked for'));
      return false;
    }
    this.#isReading = false;
    this.#arrived = this.#lastRead = length;
    this.#lastReadMs = performance.now();
    this.onArrival();
    return false;
  }
}

/** A stream that something else decodes (TLS): its own read-ahead is all that is held. */
export class PulledStream implements PulledBytes {
  onArrival: () => void = () => undefined;
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('readable', () => this.onArrival());
  }

  received(): Buffer | null {
    return this.#stream.read() as Buffer | null;
  }

  discard(): void {
    // While somebody listens for it, a stream does not flow.
    this.#stream.removeAllListeners('readable');
    this.#stream.resume();
  }
}
