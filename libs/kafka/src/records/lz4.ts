import { copyBack } from './snappy.ts';

const FRAME_MAGIC = 0x184d2204;
const INITIAL_RATIO = 4;

/** Decodes one LZ4 frame (linked or independent blocks). Checksums are left to Kafka's own over the batch. */
export function decodeLz4Frame(input: Buffer, maxOutputBytes: number): Buffer {
  if (input.readUInt32LE(0) !== FRAME_MAGIC) throw new Error('not an LZ4 frame');
  const flags = input.readUInt8(4);
  if (flags >>> 6 !== 1) throw new Error('unknown version of the LZ4 frame');
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  if (hasDictionary) throw new Error('LZ4 dictionaries are not part of the Kafka format');
  let at = 4 + 2 + (hasContentSize ? 8 : 0) + 1;
  const output = new Output(Math.min(maxOutputBytes, input.length * INITIAL_RATIO + 1024), maxOutputBytes);
  for (;;) {
    const header = input.readUInt32LE(at);
    at += 4;
    if (header === 0) return output.bytes.subarray(0, output.length);
    const size = header & 0x7fffffff;
    if (at + size > input.length) throw new Error('an LZ4 block runs past the end');
    if (header >>> 31 === 1) output.literal(input, at, size);
    else decodeBlock(input, at, at + size, output);
    at += size + (hasBlockChecksum ? 4 : 0);
  }
}

class Output {
  bytes: Buffer;
  length = 0;
  readonly #maxBytes: number;

  constructor(initialBytes: number, maxBytes: number) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
    this.#maxBytes = maxBytes;
  }

  #room(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    if (needed > this.#maxBytes) throw new Error('the LZ4 frame inflates beyond the limit');
    const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  literal(input: Buffer, start: number, size: number): void {
    this.#room(size);
    input.copy(this.bytes, this.length, start, start + size);
    this.length += size;
  }

  match(distance: number, size: number): void {
    if (distance === 0 || distance > this.length) throw new Error('an LZ4 match is out of range');
    this.#room(size);
    this.length = copyBack(this.bytes, this.length, distance, size);
  }
}

function decodeBlock(input: Buffer, start: number, end: number, output: Output): void {
  let at = start;
  while (at < end) {
    const token = input.readUInt8(at++);
    let literals = token >>> 4;
    if (literals === 15) {
      let more: number;
      do {
        more = input.readUInt8(at++);
        literals += more;
      } while (more === 255);
    }
    if (at + literals > end) throw new Error('an LZ4 literal runs past the end');
    output.literal(input, at, literals);
    at += literals;
    if (at === end) return;
    const distance = input.readUInt16LE(at);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more: number;
      do {
        more = input.readUInt8(at++);
        length += more;
      } while (more === 255);
    }
    output.match(distance, length);
  }
}
