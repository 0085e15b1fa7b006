/** Writes a request body. Grows as needed; large foreign buffers are spliced in without a copy. */
export class ByteWriter {
  #buffer: Buffer;
  #position = 0;
  #start = 0;
  readonly #parts: Buffer[] = [];

  constructor(initialBytes = 512) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  #room(bytes: number): void {
    if (this.#position + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#position + bytes));
    // Only what is not handed out as a part yet has to move.
    this.#buffer.copy(grown, this.#start, this.#start, this.#position);
    this.#buffer = grown;
  }

  int8(value: number): this {
    this.#room(1);
    this.#position = this.#buffer.writeInt8(value, this.#position);
    return this;
  }

  bool(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int16(value: number): this {
    this.#room(2);
    this.#position = this.#buffer.writeInt16BE(value, this.#position);
    return this;
  }

  int32(value: number): this {
    this.#room(4);
    this.#position = this.#buffer.writeInt32BE(value, this.#position);
    return this;
  }

  int64(value: bigint): this {
    this.#room(8);
    this.#position = this.#buffer.writeBigInt64BE(value, this.#position);
    return this;
  }

  /** A string with an int16 length; null is length -1. */
  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.byteLength(value);
    this.int16(bytes);
    this.#room(bytes);
    this.#position += this.#buffer.write(value, this.#position);
    return this;
  }

  uvarint(value: number): this {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.#byte(rest);
  }

  #byte(value: number): this {
    this.#room(1);
    this.#buffer[this.#position++] = value;
    return this;
  }

  /** A string of the flexible versions: unsigned varint of length + 1; null is 0. */
  compactString(value: string | null): this {
    if (value === null) return this.uvarint(0);
    const bytes = Buffer.byteLength(value);
    this.uvarint(bytes + 1);
    this.#room(bytes);
    this.#position += this.#buffer.write(value, this.#position);
    return this;
  }

  /** Empty tagged fields, which end every structure of a flexible version. */
  tags(): this {
    return this.uvarint(0);
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** Bytes with an int32 length. */
  bytes(bytes: Buffer): this {
    return this.int32(bytes.length).external(bytes);
  }

  /** Splices `bytes` in by reference. They must not change until the request is answered. */
  external(bytes: Buffer): this {
    if (this.#position > this.#start) this.#parts.push(this.#buffer.subarray(this.#start, this.#position));
    this.#start = this.#position;
    this.#parts.push(bytes);
    return this;
  }

  /** Everything written, in order. */
  toParts(): Buffer[] {
    if (this.#position > this.#start) this.#parts.push(this.#buffer.subarray(this.#start, this.#position));
    this.#start = this.#position;
    return this.#parts;
  }
}

/** Total of the lengths of `parts`, in bytes. */
export function partsSize(parts: readonly Buffer[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}
