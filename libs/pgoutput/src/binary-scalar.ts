import type { AvroBuffer } from '@hasivu/change-events';

import { checkVersion } from './binary-text.ts';
import { EXACT, type EncodeOutcome } from './column-encoder.ts';
import { int32At } from './int32-at.ts';

const UUID_TEXT_BYTES = 36;
const LOWER_HEX = Buffer.from('0123456789abcdef', 'latin1');
/** Bytes of a uuid before which its text has a dash. */
const DASHES = 0b10101010000;

export function encodeBooleanBinary(
  src: Buffer,
  start: number,
  _end: number,
  out: AvroBuffer,
): EncodeOutcome {
  out.writeByte(src[start] === 0 ? 0 : 1);
  return EXACT;
}

export function encodeInt16Binary(src: Buffer, start: number, _end: number, out: AvroBuffer): EncodeOutcome {
  out.writeInt((((src[start] as number) << 24) >> 16) | (src[start + 1] as number));
  return EXACT;
}

export function encodeInt32Binary(src: Buffer, start: number, _end: number, out: AvroBuffer): EncodeOutcome {
  out.writeInt(int32At(src, start));
  return EXACT;
}

export function encodeInt64Binary(src: Buffer, start: number, _end: number, out: AvroBuffer): EncodeOutcome {
  out.writeLongHalves(int32At(src, start), int32At(src, start + 4));
  return EXACT;
}

/** `oid`: unsigned, in a long. */
export function encodeUint32Binary(src: Buffer, start: number, _end: number, out: AvroBuffer): EncodeOutcome {
  out.writeLongHalves(0, int32At(src, start));
  return EXACT;
}

// A NaN may come with any sign and payload; as text it has neither.
export function encodeFloat32Binary(
  src: Buffer,
  start: number,
  _end: number,
  out: AvroBuffer,
): EncodeOutcome {
  const value = src.readFloatBE(start);
  out.writeFloat(Number.isNaN(value) ? NaN : value);
  return EXACT;
}

export function encodeFloat64Binary(
  src: Buffer,
  start: number,
  _end: number,
  out: AvroBuffer,
): EncodeOutcome {
  const value = src.readDoubleBE(start);
  out.writeDouble(Number.isNaN(value) ? NaN : value);
  return EXACT;
}

/** `bytea`, and every type whose binary form is its text. */
export function encodeBytesBinary(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  out.writeBytes(src, start, end);
  return EXACT;
}

/** `jsonb`: a version byte, then the text. */
export function encodeVersionedBinary(
  src: Buffer,
  start: number,
  end: number,
  out: AvroBuffer,
): EncodeOutcome {
  out.writeBytes(src, checkVersion(src, start), end);
  return EXACT;
}

/** `uuid` as its 36 characters. */
export function encodeUuidBinary(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  out.reserve(UUID_TEXT_BYTES + 1);
  const bytes = out.bytes;
  let pos = out.pos;
  bytes[pos++] = UUID_TEXT_BYTES * 2;
  for (let i = start; i < end; i++) {
    if ((DASHES >> (i - start)) & 1) bytes[pos++] = 0x2d;
    const byte = src[i] as number;
    bytes[pos++] = LOWER_HEX[byte >> 4] as number;
    bytes[pos++] = LOWER_HEX[byte & 15] as number;
  }
  out.pos = pos;
  return EXACT;
}
