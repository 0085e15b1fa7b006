import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import type { BytesColumn, Int64Column } from '../index.ts';
import { arrayOf, compressZstd, field, ParquetFile, parquetNodes } from '../index.ts';

const nodes = parquetNodes([field('big', 'long'), field('text', 'string'), field('list', arrayOf('long'))]);
const anyRow = fc.record({
  big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  text: fc.option(fc.string({ unit: 'grapheme' })),
  list: fc.option(fc.array(fc.option(fc.bigInt({ min: -5n, max: 5n })), { maxLength: 4 })),
});

interface Row {
  readonly big: bigint | null;
  readonly text: string | null;
  readonly list: readonly (bigint | null)[] | null;
}

function written(rows: readonly Row[]): Buffer {
  const file = new ParquetFile({ nodes, codec: 'zstd', compress: compressZstd, createdBy: 'test' });
  for (const row of rows) append(file, row);
  return file.finish(rows.length);
}

function append(file: ParquetFile, row: Row): void {
  const [big, text, list] = file.columns as unknown as [Int64Column, BytesColumn, Int64Column];
  if (row.big === null) big.appendNull();
  else {
    big.level(1, 0);
    big.appendBigInt(row.big);
  }
  if (row.text === null) text.appendNull();
  else {
    text.level(1, 0);
    text.appendText(row.text);
  }
  if (row.list === null) list.level(0, 0);
  else if (row.list.length === 0) list.level(1, 0);
  else
    row.list.forEach((item, index) => {
      list.level(item === null ? 2 : 3, index === 0 ? 0 : 1);
      if (item !== null) list.appendBigInt(item);
    });
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

async function read(bytes: Buffer): Promise<Row[]> {
  const file = arrayBufferOf(bytes);
  const rows = await parquetReadObjects({
    file,
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
  return rows.map((row) => ({
    big: (row['big'] ?? null) as bigint | null,
    text: (row['text'] ?? null) as string | null,
    list: (row['list'] ?? null) as Row['list'],
  }));
}

describe('a Parquet file', () => {
  test('is read by a foreign reader as it was written, for any rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 60 }), async (rows) => {
        expect(await read(written(rows))).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  test('of several pages per column keeps every row', async () => {
    const rows = Array.from({ length: 30_000 }, (_, n) => ({
      big: BigInt(n),
      text: n % 3 === 0 ? null : 'x'.repeat(n % 200),
      list: n % 5 === 0 ? null : [BigInt(n), null],
    }));
    expect(await read(written(rows))).toEqual(rows);
  });

  test('of many row groups keeps every row, wherever they end', async () => {
    const groups = fc.array(fc.array(anyRow, { maxLength: 20 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(groups, async (parts) => {
        const file = new ParquetFile({ nodes, codec: 'zstd', compress: compressZstd, createdBy: 'test' });
        const rows: Row[] = [];
        for (const part of parts) {
          for (const row of part) {
            append(file, row);
            append(file, row);
            for (const column of file.columns) column.dropLastRow();
            rows.push(row);
          }
          file.endRowGroup(rows.length);
        }
        const bytes = file.finish(rows.length);
        expect(rows.length === 0 ? [] : await read(bytes)).toEqual(rows);
        const counts = parquetMetadata(arrayBufferOf(bytes)).row_groups.map((group) =>
          Number(group.num_rows),
        );
        expect(counts).toEqual(parts.map((part) => part.length).filter((count) => count > 0));
      }),
      { numRuns: 60 },
    );
  });

  test('forgets a row that was taken back half way', async () => {
    const file = new ParquetFile({ nodes, codec: 'zstd', compress: compressZstd, createdBy: 'test' });
    append(file, { big: 1n, text: 'a', list: [1n] });
    append(file, { big: 2n, text: 'b', list: [2n, null] });
    for (const column of file.columns) column.dropLastRow();
    append(file, { big: 3n, text: null, list: [] });
    expect(await read(file.finish(2))).toEqual([
      { big: 1n, text: 'a', list: [1n] },
      { big: 3n, text: null, list: [] },
    ]);
  });
});
