import { THRIFT } from './thrift-compact-writer.ts';

/** Thrift's compact protocol, forwards only. */
export class ThriftCursor {
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

  /** The head of a list; its items are what follows. */
  list(): { readonly count: number; readonly type: number } {
    const head = this.#byte();
    return { count: head >> 4 === 15 ? this.#varint() : head >> 4, type: head & 15 };
  }

  #skipList(): void {
    const { count, type } = this.list();
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
    if (byte === undefined) throw new RangeError('a struct of the file goes on after its end');
    this.at += 1;
    return byte;
  }
}
