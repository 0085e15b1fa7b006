import type { AvroCursor } from './avro-cursor.ts';
import { AvroDecodeError } from './avro-decode-error.ts';
import type { ColumnType } from './column-type.ts';

/**
 * A decoded column: `int64`, `time`, `timestamp`, `timestamptz` and the unscaled `decimal` are bigint, other numbers
 * number, `string`, `json`, `uuid` string, `bytes` a copy.
 */
export type ColumnValue = boolean | number | bigint | string | Buffer | null | ColumnValue[];

/** Reads one nullable column (`["null", T]`). */
export function readColumn(cursor: AvroCursor, type: ColumnType): ColumnValue {
  return cursor.readBranch(2) === 0 ? null : readValue(cursor, type);
}

/** Reads one non-null value, e.g. a field of a key record. */
export function readValue(cursor: AvroCursor, type: ColumnType): ColumnValue {
  switch (type.kind) {
    case 'boolean':
      return cursor.readBoolean();
    case 'int16':
    case 'int32':
    case 'date':
      return cursor.readInt();
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return cursor.readLongBigInt();
    case 'float32':
      return cursor.readFloat();
    case 'float64':
      return cursor.readDouble();
    case 'string':
    case 'json':
    case 'uuid':
      return cursor.readString();
    case 'bytes':
      cursor.readBytes();
      return Buffer.from(cursor.buf.subarray(cursor.start, cursor.stop));
    case 'decimal':
      cursor.readBytes();
      return unscaledDecimal(cursor.buf, cursor.start, cursor.stop);
    case 'array':
      return readArray(cursor, type.element);
    default:
      return type satisfies never;
  }
}

/** Passes over one nullable column without decoding it. */
export function skipColumn(cursor: AvroCursor, type: ColumnType): void {
  if (cursor.readBranch(2) !== 0) skipValue(cursor, type);
}

export function skipValue(cursor: AvroCursor, type: ColumnType): void {
  switch (type.kind) {
    case 'boolean':
      return cursor.skip(1);
    case 'float32':
      return cursor.skip(4);
    case 'float64':
      return cursor.skip(8);
    case 'string':
    case 'json':
    case 'uuid':
    case 'bytes':
    case 'decimal':
      return cursor.readBytes();
    case 'array':
      return eachItem(cursor, () => skipColumn(cursor, type.element));
    default:
      return cursor.skipLong();
  }
}

/** Big-endian two's complement to an unscaled integer. */
export function unscaledDecimal(buf: Buffer, start: number, end: number): bigint {
  if (start === end) return 0n;
  if (end - start <= 6) return BigInt(buf.readIntBE(start, end - start));
  let value = BigInt(buf.readInt8(start));
  for (let i = start + 1; i < end; i++) value = (value << 8n) | BigInt(buf[i] as number);
  return value;
}

function readArray(cursor: AvroCursor, element: ColumnType): ColumnValue[] {
  const items: ColumnValue[] = [];
  eachItem(cursor, () => items.push(readColumn(cursor, element)));
  return items;
}

/** Walks Avro's array blocks; a negative count is followed by the block's size in bytes. */
export function eachItem(cursor: AvroCursor, visit: () => unknown): void {
  for (;;) {
    let count = cursor.readLongNumber();
    if (count === 0) return;
    if (count < 0) {
      cursor.skipLong();
      count = -count;
    }
    // Every item takes a byte at least: a larger count is damage, and looping over it would hang the process.
    if (count > cursor.end - cursor.pos)
      throw new AvroDecodeError(`an array of ${count} items in ${cursor.end - cursor.pos} bytes`);
    for (let i = 0; i < count; i++) visit();
  }
}
