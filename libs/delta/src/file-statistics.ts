import { BytesColumn, FixedColumn } from './parquet/byte-columns.ts';
import { FloatColumn, Int32Column, Int64Column } from './parquet/number-columns.ts';
import type { ParquetFile, TypedColumn } from './parquet/parquet-file.ts';
import { decimalShape, type DeltaField } from './schema.ts';
import {
  dateText,
  decimalText,
  timestampText,
  truncatedMax,
  truncatedMin,
  type ColumnStatistics,
  type FileStatistics,
} from './statistics.ts';

/** Statistics of a file being written, from what its columns saw; `fields` in the file's order, scalars or arrays. */
export function statisticsOf(
  fields: readonly DeltaField[],
  file: ParquetFile,
  numRecords: number,
): FileStatistics {
  const columns = new Map<string, ColumnStatistics>();
  fields.forEach((described, index) => {
    const column = file.columns[index] as TypedColumn;
    // The nulls that an array column counts are those of its elements.
    if (typeof described.type !== 'string') return;
    columns.set(described.name, { ...boundsOf(described.type, column), nullCount: column.nullCount });
  });
  return { numRecords, columns };
}

function boundsOf(type: string, column: TypedColumn): ColumnStatistics {
  if (column instanceof Int32Column)
    return column.min > column.max ? {} : pair(column, (value) => integerText(type, BigInt(value)));
  if (column instanceof Int64Column)
    return column.bounds === null ? {} : pair(column.bounds, (value) => integerText(type, value));
  if (column instanceof FloatColumn) return column.bounds === null ? {} : pair(column.bounds, finiteText);
  if (column instanceof FixedColumn)
    return column.bounds === null ? {} : pair(column.bounds, (value) => integerText(type, signed(value)));
  if (!(column instanceof BytesColumn) || column.bounds === null) return {};
  const { min, max } = column.bounds;
  return { min: truncatedMin(wholeText(min.bytes)), max: truncatedMax(wholeText(max.bytes), max.whole) };
}

function pair<T>(bounds: { min: T; max: T }, text: (value: T) => string | undefined): ColumnStatistics {
  return { min: text(bounds.min), max: text(bounds.max) };
}

function integerText(type: string, value: bigint): string | undefined {
  const decimal = decimalShape(type);
  if (decimal !== null) return decimalText(value, decimal.scale);
  if (type === 'date') return dateText(Number(value));
  if (type === 'timestamp') return timestampText(value, true);
  if (type === 'timestamp_ntz') return timestampText(value, false);
  return value.toString();
}

function finiteText(value: number): string | undefined {
  return Number.isFinite(value) ? JSON.stringify(value) : undefined;
}

function signed(bytes: Buffer): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}

/** A bound may be cut inside a character; what is left of it is dropped. */
function wholeText(bytes: Buffer): string {
  let end = bytes.length;
  let back = 0;
  while (back < 4 && end > 0 && ((bytes[end - 1] as number) & 0xc0) === 0x80) {
    end -= 1;
    back += 1;
  }
  const lead = end > 0 ? (bytes[end - 1] as number) : 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return bytes.toString('utf8', 0, length === back + 1 ? bytes.length : end - (lead >= 0xc0 ? 1 : 0));
}
