import { PAGE_FIELD } from './page-format.ts';
import { THRIFT } from './thrift-compact-writer.ts';

/** What a reader needs of a page's header; `encoding` and `type` are Parquet's own numbers. */
export interface PageHeader {
  readonly type: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly valueCount: number;
  readonly encoding: number;
  /** Where the page's bytes begin. */
  readonly bodyAt: number;
}

/** Reads the header at `at`. Page formats other than v1 come out with their type and no count. */
export function readPageHeader(bytes: Buffer, at: number): PageHeader {
  const cursor = new ThriftCursor(bytes, at);
  const found = { type: -1, uncompressedBytes: 0, compressedBytes: 0, valueCount: 0, encoding: -1 };
  cursor.fields((field, type) => {
    if (field === 1) found.type = cursor.integer();
    else if (field === 2) found.uncompressedBytes = cursor.integer();
    else if (field === 3) found.compressedBytes = cursor.integer();
    else if (field === PAGE_FIELD.data || field === PAGE_FIELD.dictionary)
      cursor.fields((inner, innerType) => {
        if (inner === 1) found.valueCount = cursor.integer();
        else if (inner === 2) found.encoding = cursor.integer();
        else cursor.skip(innerType);
      });
    else cursor.skip(type);
  });
  return { ...found, bodyAt: cursor.at };
}

/** Thrift's compact protocol, forwards only. */
class ThriftCursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Calls back for each field of the struct here; the callback reads or skips the field's value. */
  fields(onField: (field: number, type: number) => void): void {
    let field = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) return;
      field = head >> 4 === 0 ? this.integer() : field + (head >> 4);
      onField(field, type);
    }
  }

  /** A zigzag number of at most 32 bits. */
  integer(): number {
    const raw = this.#varint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  skip(type: number): void {
    if (type === THRIFT.true || type === THRIFT.false) return;
    if (type === THRIFT.byte) this.at += 1;
    else if (type === THRIFT.double) this.at += 8;
    else if (type === THRIFT.binary) {
      const length = this.#varint();
      this.at += length;
    } else if (type === THRIFT.list || type === THRIFT.set) this.#skipList();
    else if (type === THRIFT.struct) this.fields((_, inner) => this.skip(inner));
    else this.#varint();
  }

  #skipList(): void {
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    const type = head & 15;
    // Unlike a field, a boolean in a list has a byte of its own.
    if (type === THRIFT.true || type === THRIFT.false) this.at += count;
    else for (let item = 0; item < count; item += 1) this.skip(type);
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      // Bits above the 32nd are dropped: nothing that is kept has them.
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new RangeError('a page header goes on after the end of the file');
    this.at += 1;
    return byte;
  }
}
