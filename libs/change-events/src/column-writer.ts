import type { AvroBuffer } from './avro-buffer.ts';
import type { ColumnValue } from './column-reader.ts';
import type { ColumnType } from './column-type.ts';

/** Writes one nullable column (`["null", T]`) from the representation that `readColumn` gives. */
export function writeColumn(out: AvroBuffer, type: ColumnType, value: ColumnValue): void {
  if (value === null) return out.writeNull();
  out.writePresent();
  writeValue(out, type, value);
}

/** Writes one non-null value. @throws TypeError when the value's JavaScript type is not the column's. */
export function writeValue(out: AvroBuffer, column: ColumnType, value: ColumnValue): void {
  switch (column.kind) {
    case 'boolean':
      if (typeof value === 'boolean') return out.writeBoolean(value);
      break;
    case 'int16':
    case 'int32':
    case 'date':
      if (typeof value === 'number') return out.writeInt(value);
      break;
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      if (typeof value === 'bigint') return out.writeLongBigInt(value);
      break;
    case 'float32':
      if (typeof value === 'number') return out.writeFloat(value);
      break;
    case 'float64':
      if (typeof value === 'number') return out.writeDouble(value);
      break;
    case 'string':
    case 'json':
    case 'uuid':
      if (typeof value === 'string') return out.writeString(value);
      break;
    case 'bytes':
      if (Buffer.isBuffer(value)) return out.writeBytes(value, 0, value.length);
      break;
    case 'decimal':
      if (typeof value === 'bigint') return writeUnscaled(out, value);
      break;
    case 'array':
      if (Array.isArray(value)) return writeArray(out, column.element, value);
      break;
    default:
      column satisfies never;
  }
  throw new TypeError(`a ${typeof value} where the column is ${column.kind}`);
}

/** Avro decimal: the shortest big-endian two's complement of the unscaled integer. */
export function writeUnscaled(out: AvroBuffer, unscaled: bigint): void {
  // Nearly every amount fits 32 bits, where bytes come from a number in the place of BigInts.
  if (unscaled >= -0x80000000n && unscaled <= 0x7fffffffn) return writeSmall(out, Number(unscaled));
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length++;
  out.writeLong(length);
  out.reserve(length);
  for (let i = length - 1; i >= 0; i--) out.writeByte(Number((unscaled >> BigInt(i * 8)) & 0xffn));
}

function writeSmall(out: AvroBuffer, unscaled: number): void {
  let length = 1;
  while (length < 4 && (unscaled << (32 - length * 8)) >> (32 - length * 8) !== unscaled) length++;
  out.writeLong(length);
  for (let i = length - 1; i >= 0; i--) out.writeByte((unscaled >> (i * 8)) & 0xff);
}

function writeArray(out: AvroBuffer, element: ColumnType, items: readonly ColumnValue[]): void {
  if (items.length > 0) {
    out.writeLong(items.length);
    for (const item of items) writeColumn(out, element, item);
  }
  out.writeByte(0);
}
