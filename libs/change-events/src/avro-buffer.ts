const TWO_32 = 4294967296;

/**
 * Avro bytes under construction in one reused, growing buffer. Callers write a record, hand `bytes` from 0 to `pos` on,
 * and `reset`. Growth doubles, so a record of any size costs one copy at most per doubling.
 */
export class AvroBuffer {
  bytes: Buffer;
  pos = 0;

  constructor(initialBytes = 65536) {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  reset(): void {
    this.pos = 0;
  }

  /** Makes room for `count` more bytes. The buffer may be replaced: read `bytes` again afterwards. */
  reserve(count: number): void {
    if (this.pos + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.pos + count));
    this.bytes.copy(grown, 0, 0, this.pos);
    this.bytes = grown;
  }

  writeByte(value: number): void {
    this.reserve(1);
    this.bytes[this.pos++] = value;
  }

  /** A 64-bit value given as halves: `hi` signed, `lo` either. */
  writeLongHalves(hi: number, lo: number): void {
    this.reserve(10);
    const bytes = this.bytes;
    let pos = this.pos;
    const sign = hi >> 31;
    let low = ((lo << 1) ^ sign) >>> 0;
    let high = (((hi << 1) | (lo >>> 31)) ^ sign) >>> 0;
    while (high > 0 || low > 127) {
      bytes[pos++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[pos++] = low;
    this.pos = pos;
  }

  /** Any integer up to 2^53 in size. */
  writeLong(value: number): void {
    if (value >= -1073741824 && value < 1073741824) this.writeInt(value);
    else this.writeLongHalves(Math.floor(value / TWO_32), value - Math.floor(value / TWO_32) * TWO_32);
  }

  writeLongBigInt(value: bigint): void {
    this.writeLongHalves(Number(BigInt.asIntN(32, value >> 32n)), Number(value & 0xffffffffn));
  }

  writeInt(value: number): void {
    this.reserve(5);
    const bytes = this.bytes;
    let pos = this.pos;
    let n = ((value << 1) ^ (value >> 31)) >>> 0;
    while (n > 127) {
      bytes[pos++] = (n & 127) | 128;
      n >>>= 7;
    }
    bytes[pos++] = n;
    this.pos = pos;
  }

  writeBoolean(value: boolean): void {
    this.writeByte(value ? 1 : 0);
  }

  writeFloat(value: number): void {
    this.reserve(4);
    this.pos = this.bytes.writeFloatLE(value, this.pos);
  }

  writeDouble(value: number): void {
    this.reserve(8);
    this.pos = this.bytes.writeDoubleLE(value, this.pos);
  }

  writeString(value: string): void {
    const length = Buffer.byteLength(value);
    this.writeLong(length);
    this.reserve(length);
    this.pos += this.bytes.write(value, this.pos, length, 'utf8');
  }

  /** Length-prefixed bytes copied from `source`. */
  writeBytes(source: Buffer, start: number, end: number): void {
    this.writeLong(end - start);
    this.writeRaw(source, start, end);
  }

  writeRaw(source: Buffer, start: number, end: number): void {
    const length = end - start;
    this.reserve(length);
    if (length < 32) {
      const bytes = this.bytes;
      const pos = this.pos;
      for (let i = 0; i < length; i++) bytes[pos + i] = source[start + i] as number;
    } else {
      source.copy(this.bytes, this.pos, start, end);
    }
    this.pos += length;
  }

  /** Branch 0 of `["null", T]`. */
  writeNull(): void {
    this.writeByte(0);
  }

  /** Branch 1 of `["null", T]`; the value follows. */
  writePresent(): void {
    this.writeByte(2);
  }
}
