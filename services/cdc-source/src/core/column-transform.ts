import { createHmac } from 'node:crypto';

import { AvroBuffer, AvroCursor, type ColumnType, type ScalarKind } from '@hasivu/change-events';
import { EXACT, type ColumnEncoder } from '@hasivu/pgoutput';

/** What takes the place of a column's values. Null stays null. */
export type ColumnTransform =
  | { readonly kind: 'mask'; readonly bytes: Buffer; readonly of: ColumnType }
  | { readonly kind: 'truncate'; readonly characters: number; readonly of: ColumnType }
  | { readonly kind: 'hash'; readonly salt: string; readonly of: ColumnType };

/** Types whose values have one text or byte form that anyone can hash again. */
export const HASHED_KINDS: ReadonlySet<ColumnType['kind']> = new Set<ColumnType['kind']>([
  'string',
  'json',
  'uuid',
  'int16',
  'int32',
  'int64',
  'bytes',
]);

const INTEGERS: ReadonlySet<ColumnType['kind']> = new Set<ScalarKind>(['int16', 'int32', 'int64']);

/**
 * Encoder of a treated column: text, always exact, so that no header carries the value beside it. The value is taken
 * from its Avro form, which is one and the same whatever form the server sent.
 * @param encoder of the column's own type
 */
export function transformEncoder(transform: ColumnTransform, encoder: ColumnEncoder): ColumnEncoder {
  if (transform.kind === 'mask') {
    const { bytes } = transform;
    return (_src, _start, _end, out) => {
      out.writeBytes(bytes, 0, bytes.length);
      return EXACT;
    };
  }
  const scratch = new AvroBuffer(256);
  const cursor = new AvroCursor();
  const encode: ColumnEncoder = (src, start, end, out) => {
    scratch.reset();
    encoder(src, start, end, scratch);
    cursor.reset(scratch.bytes, 0, scratch.pos);
    if (transform.kind === 'truncate') {
      cursor.readBytes();
      out.writeBytes(
        scratch.bytes,
        cursor.start,
        endOfCharacters(scratch.bytes, cursor, transform.characters),
      );
    } else {
      out.writeString(
        createHmac('sha256', transform.salt).update(hashed(transform.of, cursor)).digest('hex'),
      );
    }
    return EXACT;
  };
  return encode;
}

function hashed(type: ColumnType, cursor: AvroCursor): Buffer | string {
  if (INTEGERS.has(type.kind)) {
    cursor.readLong();
    return ((BigInt(cursor.hi) << 32n) | BigInt(cursor.lo >>> 0)).toString();
  }
  cursor.readBytes();
  return cursor.buf.subarray(cursor.start, cursor.stop);
}

/** Offset behind the first `characters` characters of UTF-8. */
function endOfCharacters(bytes: Buffer, { start, stop }: AvroCursor, characters: number): number {
  let at = start;
  for (let left = characters; at < stop; at++) {
    const isFirstByte = ((bytes[at] as number) & 0xc0) !== 0x80;
    if (isFirstByte && left-- === 0) return at;
  }
  return at;
}
