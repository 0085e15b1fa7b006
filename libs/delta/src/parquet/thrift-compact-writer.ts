/** Field types of Thrift's compact protocol. */
export const THRIFT = {
  true: 1,
  false: 2,
  byte: 3,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

/** Writes Thrift compact structs, as Parquet's page headers and footer are encoded. Fields go in ascending order. */
export class ThriftCompactWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;
  #lastField: number[] = [0];

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  i32(field: number, value: number): this {
    this.#header(field, THRIFT.i32);
    this.#zigzag(BigInt(value));
    return this;
  }

  i64(field: number, value: number | bigint): this {
    this.#header(field, THRIFT.i64);
    this.#zigzag(BigInt(value));
    return this;
  }

  byte(field: number, value: number): this {
    this.#header(field, THRIFT.byte);
    this.#byte(value);
    return this;
  }

  bool(field: number, value: boolean): this {
    this.#header(field, value ? THRIFT.true : THRIFT.false);
    return this;
  }

  text(field: number, value: string): this {
    return this.binary(field, Buffer.from(value));
  }

  binary(field: number, value: Uint8Array): this {
    this.#header(field, THRIFT.binary);
    this.#raw(value);
    return this;
  }

  struct(field: number, write: () => void): this {
    this.#header(field, THRIFT.struct);
    this.#nested(write);
    return this;
  }

  /** A list of structs: `write` is called per item and writes that item's fields. */
  structs<T>(field: number, items: readonly T[], write: (item: T) => void): this {
    this.#listHeader(field, items.length, THRIFT.struct);
    for (const item of items) this.#nested(() => write(item));
    return this;
  }

  i32s(field: number, items: readonly number[]): this {
    this.#listHeader(field, items.length, THRIFT.i32);
    for (const item of items) this.#zigzag(BigInt(item));
    return this;
  }

  texts(field: number, items: readonly string[]): this {
    this.#listHeader(field, items.length, THRIFT.binary);
    for (const item of items) this.#raw(Buffer.from(item));
    return this;
  }

  /** Ends the outermost struct. */
  end(): Buffer {
    this.#byte(0);
    return this.bytes();
  }

  #nested(write: () => void): void {
    this.#lastField.push(0);
    write();
    this.#lastField.pop();
    this.#byte(0);
  }

  #listHeader(field: number, count: number, type: number): void {
    this.#header(field, THRIFT.list);
    if (count < 15) this.#byte((count << 4) | type);
    else {
      this.#byte(0xf0 | type);
      this.#varint(BigInt(count));
    }
  }

  #header(field: number, type: number): void {
    const last = this.#lastField.length - 1;
    const delta = field - (this.#lastField[last] as number);
    this.#lastField[last] = field;
    if (delta > 0 && delta < 16) this.#byte((delta << 4) | type);
    else {
      this.#byte(type);
      this.#zigzag(BigInt(field));
    }
  }

  #raw(value: Uint8Array): void {
    this.#varint(BigInt(value.length));
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #zigzag(value: bigint): void {
    this.#varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  #varint(value: bigint): void {
    let rest = value;
    while (rest > 127n) {
      this.#byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + extra));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
