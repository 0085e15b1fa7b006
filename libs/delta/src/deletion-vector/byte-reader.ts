import { corruptVector } from './corrupt-vector.ts';

/** Little-endian numbers from bytes of outside: every step is checked. */
export class ByteReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  uint16(): number {
    return this.#view.getUint16(this.#step(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#step(length), length);
  }

  #step(length: number): number {
    if (length > this.left) throw corruptVector('it ends before its last row');
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
