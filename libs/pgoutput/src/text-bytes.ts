import type { AvroBuffer } from '@hasivu/change-events';

import { EXACT, type EncodeOutcome } from './column-encoder.ts';

/** Any type whose Avro value is the text itself. */
export function encodeStringText(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  out.writeBytes(src, start, end);
  return EXACT;
}

/** `bool`: `t` or `f`, and the words a cast to text gives. */
export function encodeBooleanText(src: Buffer, start: number, _end: number, out: AvroBuffer): EncodeOutcome {
  out.writeByte(src[start] === 0x74 ? 1 : 0);
  return EXACT;
}

/** `bytea` in hex style (`\x0aff`). */
export function encodeHexText(src: Buffer, start: number, end: number, out: AvroBuffer): EncodeOutcome {
  const length = (end - start - 2) >> 1;
  out.writeLong(length);
  out.reserve(length);
  const bytes = out.bytes;
  let pos = out.pos;
  for (let i = start + 2; i < end; i += 2)
    bytes[pos++] = (nibble(src[i] as number) << 4) | nibble(src[i + 1] as number);
  out.pos = pos;
  return EXACT;
}

function nibble(c: number): number {
  return c <= 0x39 ? c - 0x30 : c - 0x57;
}
