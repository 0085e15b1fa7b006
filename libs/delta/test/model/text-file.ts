import {
  BooleanColumn,
  BytesColumn,
  compressZstd,
  decimalShape,
  describeType,
  FloatColumn,
  Int32Column,
  Int64Column,
  ParquetFile,
  parquetNodes,
  statisticsJson,
  statisticsOf,
  type DeltaField,
  type TypedColumn,
} from '../../src/index.ts';
import type { TextRow } from './row-kinds.ts';

/** A Parquet file of ours with these rows; `fields` without the partition columns. */
export function encodeTextRows(
  fields: readonly DeltaField[],
  rows: readonly TextRow[],
): { bytes: Buffer; stats: string } {
  const options = { codec: 'zstd', compress: compressZstd, createdBy: 'model' } as const;
  const file = new ParquetFile({ nodes: parquetNodes(fields), ...options });
  for (const row of rows)
    fields.forEach(({ name, type }, index) =>
      append(file.columns[index] as TypedColumn, describeType(type), row[name] ?? null),
    );
  const stats = statisticsJson(fields, statisticsOf(fields, file, rows.length));
  return { bytes: file.finish(rows.length), stats };
}

function append(column: TypedColumn, type: string, text: string | null): void {
  column.level(text === null ? 0 : 1, 0);
  if (text === null) return;
  const digits = decimalShape(type) === null ? text : text.replace('.', '');
  if (column instanceof BytesColumn) column.appendText(text);
  else if (column instanceof Int64Column) column.appendBigInt(BigInt(digits));
  else if (column instanceof Int32Column) column.append(Number(digits));
  else if (column instanceof BooleanColumn) column.append(text === 'true');
  else if (column instanceof FloatColumn) column.append(Buffer.from(text, 'hex').readDoubleBE());
  else throw new TypeError(`no values of ${type} here`);
}
