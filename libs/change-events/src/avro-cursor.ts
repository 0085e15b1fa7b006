import { AvroDecodeError } from './avro-decode-error.ts';

const TWO_32 = 4294967296;

/**
 * A place in Avro bytes. Reads advance `pos` and never pass `end`. A long lands in two 32-bit halves (`hi` signed, `lo`
 * unsigned), so that 64-bit columns are copied without a BigInt per value.
 * @throws AvroDecodeError from every read when the bytes end early or a length is out of bounds.
 */
export class AvroCursor {
  buf: Buffer = Buffer.alloc(0);
  pos = 0;
  end = 0;
  hi = 0;
  lo = 0;
  /** Bounds of the last bytes or string read. */
  start = 0;
  stop = 0;

  reset(buf: Buffer, start: number, end: number): this {
    this.buf = buf;
    this.pos = start;
    this.end = end;
    return this;
  }

  readLong(): void {
    const buf = this.buf;
    let pos = this.pos;
    let byte = pos < this.end ? (buf[pos++] as number) : this.#short();
    if (byte < 128) {
      this.pos = pos;
      // Not `-(byte & 1)` alone: that is −0 for 0, a double.
      this.hi = -(byte & 1) | 0;
      this.lo = ((byte >>> 1) ^ this.hi) >>> 0;
      return;
    }
    let low = byte & 127;
    let mid = 0;
    let top = 0;
    for (let shift = 7; byte > 127; shift += 7) {
      if (pos >= this.end) this.#short();
      if (shift > 63) throw new AvroDecodeError('a variable-length integer is longer than 64 bits');
      byte = buf[pos++] as number;
      if (shift < 28) low |= (byte & 127) << shift;
      else if (shift < 56) mid |= (byte & 127) << (shift - 28);
      else top |= (byte & 127) << (shift - 56);
    }
    this.pos = pos;
    const low32 = low | ((mid & 15) << 28);
    const high32 = (mid >>> 4) | (top << 24);
    const sign = -(low32 & 1);
    this.lo = (((low32 >>> 1) | (high32 << 31)) ^ sign) >>> 0;
    this.hi = (high32 >>> 1) ^ sign;
  }

  skipLong(): void {
    let pos = this.pos;
    do {
      if (pos >= this.end) this.#short();
    } while ((this.buf[pos++] as number) > 127);
    this.pos = pos;
  }

  /** Exact up to 2^53. */
  readLongNumber(): number {
    this.readLong();
    return this.hi * TWO_32 + this.lo;
  }

  readLongBigInt(): bigint {
    this.readLong();
    const small = this.hi * TWO_32 + this.lo;
    return Number.isSafeInteger(small) ? BigInt(small) : (BigInt(this.hi) << 32n) | BigInt(this.lo);
  }

  readInt(): number {
    this.readLong();
    return this.lo | 0;
  }

  readBoolean(): boolean {
    if (this.pos >= this.end) this.#short();
    return this.buf[this.pos++] !== 0;
  }

  readFloat(): number {
    return this.buf.readFloatLE(this.#take(4));
  }

  readDouble(): number {
    return this.buf.readDoubleLE(this.#take(8));
  }

  /** Leaves the bounds in `start` and `stop`; nothing is copied. */
  readBytes(): void {
    const length = this.#readSmall();
    if (length < 0 || length > this.end - this.pos)
      throw new AvroDecodeError(`a length of ${length} bytes where ${this.end - this.pos} are left`);
    this.start = this.pos;
    this.stop = this.pos += length;
  }

  readString(): string {
    this.readBytes();
    return this.buf.toString('utf8', this.start, this.stop);
  }

  /** Index of the union branch, checked against the number of branches. */
  readBranch(branches: number): number {
    const index = this.#readSmall();
    if (index < 0 || index >= branches) throw new AvroDecodeError(`union branch ${index} of ${branches}`);
    return index;
  }

  /** A long that mostly takes one byte or two: lengths and branches. Unlike {@link readLong} it may leave `hi` and `lo`. */
  #readSmall(): number {
    const { buf, pos, end } = this;
    const first = pos < end ? (buf[pos] as number) : 1;
    if ((first & 129) === 0) {
      this.pos = pos + 1;
      return first >>> 1;
    }
    const second = pos + 1 < end ? (buf[pos + 1] as number) : 128;
    if ((first & 1) === 0 && second < 128) {
      this.pos = pos + 2;
      return ((first & 127) >>> 1) | (second << 6);
    }
    return this.readLongNumber();
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  #take(bytes: number): number {
    const at = this.pos;
    if (bytes > this.end - at) this.#short();
    this.pos = at + bytes;
    return at;
  }

  #short(): never {
    throw new AvroDecodeError('the bytes end before the value does');
  }
}
