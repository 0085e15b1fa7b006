import { SpoolCursor } from '../core/spool-record.ts';
import type { TransactionSpool } from '../core/transaction-spool.ts';
import { SpoolFile } from './spool-file.ts';

const CHUNK_BYTES = 256 * 1024;

/** The part of the spools that is on disk: a file for every transaction that has outgrown the memory. */
export class SpoolDisk {
  readonly #directory: string;
  readonly #files = new Map<TransactionSpool, SpoolFile>();
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Appends what the spool has in memory to its file. */
  async spill(spool: TransactionSpool): Promise<void> {
    let file = this.#files.get(spool);
    if (!file) {
      file = await SpoolFile.create(this.#directory);
      this.#files.set(spool, file);
    }
    await file.append(spool.memory.bytes.subarray(0, spool.memory.length));
  }

  /**
   * The spool's messages from the first to the last, in pieces that a cursor steps through. The bytes are valid until the
   * next piece: one buffer is used again and again, and grows only for a message that is larger.
   */
  async *pieces(spool: TransactionSpool): AsyncGenerator<SpoolCursor, void, undefined> {
    const cursor = new SpoolCursor();
    const file = this.#files.get(spool);
    let buffer = this.#chunk;
    let left = 0;
    for (let position = 0; file && position < spool.diskBytes;) {
      const read = await file.read(buffer, left, position);
      if (read === 0) throw new Error(`a spool file ends at ${position} of ${spool.diskBytes} bytes`);
      position += read;
      const filled = left + read;
      cursor.reset(buffer, 0, filled);
      yield cursor;
      left = filled - cursor.position;
      const { needed } = cursor;
      const next = needed > CHUNK_BYTES ? Buffer.allocUnsafeSlow(needed) : this.#chunk;
      buffer.copy(next, 0, cursor.position, filled);
      buffer = next;
    }
    cursor.reset(spool.memory.bytes, 0, spool.memory.length);
    yield cursor;
  }

  /** The transaction is over. */
  async drop(spool: TransactionSpool): Promise<void> {
    const file = this.#files.get(spool);
    this.#files.delete(spool);
    await file?.close();
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.all(files.map((file) => file.close()));
  }
}
