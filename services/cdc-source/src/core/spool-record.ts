/** Length of the message, id of its (sub)transaction, and the halves of its log position. */
export const SPOOL_HEADER_BYTES = 16;

const INITIAL_BYTES = 4096;
/** Messages of one transaction as they wait in memory, one behind the other, each with its header. */
export class SpoolBuffer {
  bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** Bytes in use. */
  length = 0;

  /** Appends the message `buf[start, end)` without the `cut` bytes behind its tag. */
  append(
    xid: number,
    lsnHi: number,
    lsnLo: number,
    buf: Buffer,
    start: number,
    end: number,
    cut: number,
  ): void {
    const size = end - start - cut;
    this.#reserve(SPOOL_HEADER_BYTES + size);
    const { bytes } = this;
    let at = this.length;
    bytes.writeUInt32BE(size, at);
    bytes.writeUInt32BE(xid, at + 4);
    bytes.writeInt32BE(lsnHi, at + 8);
    bytes.writeUInt32BE(lsnLo, at + 12);
    at += SPOOL_HEADER_BYTES;
    bytes[at] = buf[start] as number;
    buf.copy(bytes, at + 1, start + 1 + cut, end);
    this.length = at + size;
  }

  /** @param keepBytes a larger buffer is not kept */
  clear(keepBytes: number): void {
    this.length = 0;
    if (this.bytes.length > keepBytes) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** Steps through spooled messages in place. */
export class SpoolCursor {
  buffer: Buffer = Buffer.alloc(0);
  /** Bounds of the message found. */
  start = 0;
  end = 0;
  xid = 0;
  lsnHi = 0;
  lsnLo = 0;
  /** First byte that no message found so far has used. */
  position = 0;
  #limit = 0;

  reset(buffer: Buffer, start: number, limit: number): void {
    this.buffer = buffer;
    this.position = start;
    this.#limit = limit;
  }

  /** False when the rest is not a whole message. */
  next(): boolean {
    const at = this.position;
    const size = this.needed;
    if (this.#limit - at < size) return false;
    const { buffer } = this;
    this.xid = buffer.readUInt32BE(at + 4);
    this.lsnHi = buffer.readInt32BE(at + 8);
    this.lsnLo = buffer.readUInt32BE(at + 12);
    this.start = at + SPOOL_HEADER_BYTES;
    this.end = this.position = at + size;
    return true;
  }

  /** Bytes of the message at `position` with its header, as far as can be told: at least a header's. */
  get needed(): number {
    if (this.#limit - this.position < SPOOL_HEADER_BYTES) return SPOOL_HEADER_BYTES;
    return SPOOL_HEADER_BYTES + this.buffer.readUInt32BE(this.position);
  }
}
