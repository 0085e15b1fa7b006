import { zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import {
  compressZstd,
  field,
  ParquetFile,
  parquetNodes,
  statisticsJson,
  statisticsOf,
  type Int64Column,
} from '../../src/index.ts';

/** A row belongs to one writer, which counts them; nobody else takes it out or changes its revision. */
export interface Row {
  readonly writer: number;
  readonly n: number;
  readonly revision: number;
}

export const FIELDS = [field('writer', 'long'), field('n', 'long'), field('revision', 'long')];

/** One Parquet file of ours, with the statistics that its commit needs. */
export function encodeRows(rows: readonly Row[]): { bytes: Buffer; stats: string } {
  const options = { codec: 'zstd', compress: compressZstd, createdBy: 'storm' } as const;
  const file = new ParquetFile({ nodes: parquetNodes(FIELDS), ...options });
  const [writers, numbers, revisions] = file.columns as [Int64Column, Int64Column, Int64Column];
  for (const { writer, n, revision } of rows) {
    append(writers, writer);
    append(numbers, n);
    append(revisions, revision);
  }
  const stats = statisticsJson(FIELDS, statisticsOf(FIELDS, file, rows.length));
  return { bytes: file.finish(rows.length), stats };
}

function append(column: Int64Column, value: number): void {
  column.level(1, 0);
  column.append(0, value);
}

/** By a reader that nobody here wrote, in the order of the file. */
export async function decodeRows(bytes: Uint8Array): Promise<Row[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const compressors = { ZSTD: (input: Uint8Array): Uint8Array => zstdDecompressSync(input) };
  const rows = await parquetReadObjects({ file, compressors });
  return rows.map(({ writer, n, revision }) => ({
    writer: Number(writer),
    n: Number(n),
    revision: Number(revision),
  }));
}
