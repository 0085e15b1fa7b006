import { AvroDecodeError, type AvroCursor, type ColumnType } from '@hasivu/change-events';
import {
  BooleanColumn,
  BytesColumn,
  decimalShape,
  FixedColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
  type DeltaType,
  type TypedColumn,
} from '@hasivu/delta';
import { timeText } from './time-text.ts';

/** Moves one non-null value from the cursor into its column, without a JavaScript value where that can be had. */
export type ValueCopier = (cursor: AvroCursor) => void;

/** A copier from the writer's type to the lake's, which is the same or wider. */
export function valueCopier(type: ColumnType, lakeType: DeltaType, column: TypedColumn): ValueCopier {
  switch (type.kind) {
    case 'int16':
    case 'int32':
    case 'date':
      return copyInteger(lakeType, column);
    case 'int64':
    case 'timestamp':
    case 'timestamptz':
      return copyLong(lakeType, column);
    case 'decimal':
      return copyDecimal(type.scale, lakeType, column);
    case 'boolean':
      if (column instanceof BooleanColumn) return (cursor) => column.append(cursor.readBoolean());
      break;
    case 'float32':
      if (column instanceof FloatColumn) return (cursor) => column.append(cursor.readFloat());
      break;
    case 'float64':
      if (column instanceof FloatColumn) return (cursor) => column.append(cursor.readDouble());
      break;
    case 'time':
      if (column instanceof BytesColumn)
        return (cursor) => column.appendText(timeText(cursor.readLongNumber()));
      break;
    case 'string':
    case 'json':
    case 'uuid':
    case 'bytes':
      if (column instanceof BytesColumn) return copyBytes(column);
      break;
    case 'array':
      break;
    default:
      return type satisfies never;
  }
  throw new TypeError(`no copier from ${type.kind} to ${JSON.stringify(lakeType)}`);
}

function copyBytes(column: BytesColumn): ValueCopier {
  return (cursor) => {
    cursor.readBytes();
    column.append(cursor.buf, cursor.start, cursor.stop);
  };
}

function copyInteger(lakeType: DeltaType, column: TypedColumn): ValueCopier {
  if (decimalShape(lakeType) !== null)
    return (cursor) => appendUnscaled(column, scaled(cursor.readLongBigInt(), 0, lakeType));
  if (column instanceof Int32Column) return (cursor) => column.append(cursor.readInt());
  if (column instanceof FloatColumn) return (cursor) => column.append(cursor.readInt());
  if (column instanceof Int64Column) {
    return (cursor) => {
      cursor.readLong();
      column.append(cursor.hi, cursor.lo);
    };
  }
  throw new TypeError(`no copier from an integer to ${JSON.stringify(lakeType)}`);
}

function copyLong(lakeType: DeltaType, column: TypedColumn): ValueCopier {
  if (decimalShape(lakeType) === null && column instanceof Int64Column) {
    return (cursor) => {
      cursor.readLong();
      column.append(cursor.hi, cursor.lo);
    };
  }
  return (cursor) => appendUnscaled(column, scaled(cursor.readLongBigInt(), 0, lakeType));
}

function copyDecimal(scale: number, lakeType: DeltaType, column: TypedColumn): ValueCopier {
  if (decimalShape(lakeType)?.scale !== scale) {
    return (cursor) => {
      cursor.readBytes();
      appendUnscaled(column, scaled(bigEndian(cursor.buf, cursor.start, cursor.stop), scale, lakeType));
    };
  }
  if (column instanceof FixedColumn) {
    return (cursor) => {
      cursor.readBytes();
      if (cursor.stop - cursor.start > 16)
        throw new AvroDecodeError('a decimal has more bytes than 38 digits take');
      column.append(cursor.buf, cursor.start, cursor.stop);
    };
  }
  if (column instanceof Int32Column) return (cursor) => column.append(lowWord(cursor, 4));
  if (column instanceof Int64Column) {
    return (cursor) => {
      const lo = lowWord(cursor, 8);
      column.append(highWord, lo >>> 0);
    };
  }
  throw new TypeError(`no copier from a decimal to ${JSON.stringify(lakeType)}`);
}

/** Upper half of the integer that {@link lowWord} read last: two results without an object. */
let highWord = 0;

function lowWord(cursor: AvroCursor, maxBytes: number): number {
  cursor.readBytes();
  const { buf, start, stop } = cursor;
  if (stop - start > maxBytes) throw new AvroDecodeError('a decimal has more digits than its precision');
  let lo = stop > start && (buf[start] as number) > 127 ? -1 : 0;
  let hi = lo;
  for (let i = start; i < stop; i++) {
    hi = (hi << 8) | (lo >>> 24);
    lo = (lo << 8) | (buf[i] as number);
  }
  highWord = hi;
  return lo;
}

/** Off the hot path: only for columns whose lake type is wider than what this writer sends. */
function appendUnscaled(column: TypedColumn, unscaled: bigint): void {
  if (column instanceof Int32Column) column.append(Number(unscaled));
  else if (column instanceof Int64Column) column.appendBigInt(unscaled);
  else if (column instanceof FloatColumn) column.append(Number(unscaled));
  else if (column instanceof FixedColumn) {
    const bytes = Buffer.from(BigInt.asUintN(128, unscaled).toString(16).padStart(32, '0'), 'hex');
    column.append(bytes, 0, 16);
  } else throw new TypeError('the column takes no numbers');
}

function scaled(unscaled: bigint, scale: number, lakeType: DeltaType): bigint {
  return unscaled * 10n ** BigInt((decimalShape(lakeType)?.scale ?? 0) - scale);
}

function bigEndian(buf: Buffer, start: number, stop: number): bigint {
  if (start === stop) return 0n;
  return BigInt.asIntN((stop - start) * 8, BigInt(`0x${buf.toString('hex', start, stop)}`));
}
