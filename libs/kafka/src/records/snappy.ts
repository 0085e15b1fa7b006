import { compress } from 'snappy';

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;
const XERIAL_HEADER = Buffer.concat([XERIAL_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);

/** Compresses into one block in the frame of snappy-java, the only form that every Kafka client reads. */
export async function compressSnappy(input: Buffer): Promise<Buffer> {
  const block = await compress(input);
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(block.length);
  return Buffer.concat([XERIAL_HEADER, length, block]);
}

/** Decodes snappy, either raw or in the blocks of snappy-java, which is what Java producers write. */
export function decodeSnappy(input: Buffer, maxOutputBytes: number): Buffer {
  if (input.length < XERIAL_HEADER_BYTES || !input.subarray(0, 8).equals(XERIAL_MAGIC)) {
    return decodeBlock(input, maxOutputBytes);
  }
  const blocks: Buffer[] = [];
  let total = 0;
  let at = XERIAL_HEADER_BYTES;
  while (at < input.length) {
    const length = input.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > input.length) throw new Error('a snappy block runs past the end');
    const block = decodeBlock(input.subarray(at, at + length), maxOutputBytes - total);
    blocks.push(block);
    total += block.length;
    at += length;
  }
  return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks, total);
}

function decodeBlock(input: Buffer, maxOutputBytes: number): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at++];
    if (byte === undefined || shift > 28) throw new Error('the snappy length is damaged');
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (size > maxOutputBytes) throw new Error('the snappy block inflates beyond the limit');
  const output = Buffer.allocUnsafe(size);
  let out = 0;
  while (at < input.length) {
    const tag = input.readUInt8(at++);
    const kind = tag & 3;
    if (kind === 0) {
      let length = tag >>> 2;
      if (length >= 60) {
        const lengthBytes = length - 59;
        length = input.readUIntLE(at, lengthBytes);
        at += lengthBytes;
      }
      length++;
      if (at + length > input.length || out + length > size)
        throw new Error('a snappy literal runs past the end');
      input.copy(output, out, at, at + length);
      at += length;
      out += length;
      continue;
    }
    let length: number;
    let distance: number;
    if (kind === 1) {
      length = ((tag >>> 2) & 7) + 4;
      distance = ((tag >>> 5) << 8) | input.readUInt8(at++);
    } else {
      length = (tag >>> 2) + 1;
      distance = kind === 2 ? input.readUInt16LE(at) : input.readUInt32LE(at);
      at += kind === 2 ? 2 : 4;
    }
    if (distance === 0 || distance > out || out + length > size)
      throw new Error('a snappy copy is out of range');
    out = copyBack(output, out, distance, length);
  }
  if (out !== size) throw new Error('the snappy block is shorter than announced');
  return output;
}

/** Copies `length` bytes from `distance` back; the ranges may overlap, which repeats the pattern. Returns the end. */
export function copyBack(output: Buffer, out: number, distance: number, length: number): number {
  if (distance >= length) {
    output.copyWithin(out, out - distance, out - distance + length);
    return out + length;
  }
  for (let i = 0; i < length; i++) output[out + i] = output[out - distance + i] ?? 0;
  return out + length;
}
