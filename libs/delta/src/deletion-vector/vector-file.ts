import { crc32 } from 'node:zlib';
import { corruptVector } from './corrupt-vector.ts';

/** First byte of a file of deletion vectors. */
const FORMAT_VERSION = 1;

/** Bytes of one vector's size, and of its checksum. */
const FRAME = 4;

export interface PackedVectors {
  readonly bytes: Buffer;
  /** Where each vector's frame begins, in the order given. */
  readonly offsets: readonly number[];
}

/** One file that holds these serialized vectors, each with its size and checksum. */
export function packVectors(vectors: readonly Uint8Array[]): PackedVectors {
  const bytes = Buffer.alloc(vectors.reduce((sum, vector) => sum + vector.length + 2 * FRAME, 1));
  const offsets: number[] = [];
  let at = bytes.writeUInt8(FORMAT_VERSION, 0);
  for (const vector of vectors) {
    offsets.push(at);
    at = bytes.writeUInt32BE(vector.length, at);
    bytes.set(vector, at);
    at = bytes.writeUInt32BE(crc32(vector), at + vector.length);
  }
  return { bytes, offsets };
}

/** The serialized vector at `offset` of a file. @throws LAKE_LOG_CORRUPT when size or checksum are not as written */
export function unpackVector(file: Uint8Array, offset: number, sizeInBytes: number): Uint8Array {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (view[0] !== FORMAT_VERSION) throw corruptVector('its file has another format version');
  if (offset + sizeInBytes + 2 * FRAME > view.length) throw corruptVector('its file is too short');
  if (view.readUInt32BE(offset) !== sizeInBytes)
    throw corruptVector('its size is not the one that the log says');
  const bytes = view.subarray(offset + FRAME, offset + FRAME + sizeInBytes);
  if (view.readUInt32BE(offset + FRAME + sizeInBytes) !== crc32(bytes))
    throw corruptVector('its checksum is wrong');
  return bytes;
}
