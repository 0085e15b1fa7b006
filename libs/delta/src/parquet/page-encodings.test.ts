import { zstdDecompressSync } from 'node:zlib';

import { checkProperty } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';

import {
  compressZstd,
  field,
  ParquetFile,
  parquetNodes,
  type BytesColumn,
  type Int32Column,
  type Int64Column,
} from '../index.ts';

const NODES = parquetNodes([field('text', 'string'), field('big', 'long'), field('small', 'integer')]);

interface Row {
  readonly text: string | null;
  readonly big: bigint | null;
  readonly small: number | null;
  /** Begun and taken back, as a damaged row is. */
  readonly dropped: boolean;
}

/** Values of a column: of one kind for a while, then of another. */
function runs<T>(...kinds: fc.Arbitrary<fc.Arbitrary<T>>[]): fc.Arbitrary<(T | null)[]> {
  const run = fc
    .tuple(fc.oneof(...kinds), fc.integer({ min: 1, max: 700 }))
    .chain(([values, count]) =>
      fc.array(fc.option(values, { freq: 20 }), { minLength: count, maxLength: count }),
    );
  return fc.array(run, { minLength: 1, maxLength: 4, size: 'max' }).map((lists) => lists.flat());
}

const texts = runs<string>(
  fc.constant(fc.constantFrom('', 'paid', 'placed', 'cooking')),
  fc.constant(fc.integer({ min: 0, max: 300 }).map((n) => `item-${n}`)),
  fc.constant(fc.uuid()),
  fc.constant(fc.integer({ min: 0, max: 3 }).map((n) => String(n).repeat(300))),
);
const bigs = runs<bigint>(
  fc.constant(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc
    .bigInt({ min: -(2n ** 53n), max: 2n ** 53n })
    .map((base) => fc.bigInt({ min: -1000n, max: 1000n }).map((n) => base + n)),
  fc.constant(fc.constant(7n)),
  fc.constant(fc.constantFrom(-(2n ** 52n), 2n ** 52n, 2n ** 52n - 1n, -(2n ** 52n) + 1n, 0n)),
);
const smalls = runs<number>(
  fc.constant(fc.integer({ min: -0x80000000, max: 0x7fffffff })),
  fc.constant(fc.constantFrom(-0x80000000, 0x7fffffff)),
  fc.constant(fc.integer({ min: 0, max: 5 })),
);
const rows = fc.tuple(texts, bigs, smalls, fc.array(fc.boolean())).map(([text, big, small, dropped]) =>
  Array.from({ length: Math.max(text.length, big.length, small.length) }, (_, i): Row => ({
    text: text[i] ?? null,
    big: big[i] ?? null,
    small: small[i] ?? null,
    dropped: dropped[i % (dropped.length + 1)] ?? false,
  })),
);

function append(file: ParquetFile, row: Row): void {
  const [text, big, small] = file.columns as unknown as [BytesColumn, Int64Column, Int32Column];
  if (row.text === null) text.appendNull();
  else {
    text.level(1, 0);
    text.appendText(row.text);
  }
  if (row.big === null) big.appendNull();
  else {
    big.level(1, 0);
    big.appendBigInt(row.big);
  }
  if (row.small === null) small.appendNull();
  else {
    small.level(1, 0);
    small.append(row.small);
  }
}

function written(list: readonly Row[]): ArrayBuffer {
  const file = new ParquetFile({ nodes: NODES, codec: 'zstd', compress: compressZstd, createdBy: 'test' });
  for (const row of list) {
    append(file, row);
    if (row.dropped) for (const column of file.columns) column.dropLastRow();
  }
  const bytes = file.finish(list.filter((row) => !row.dropped).length);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

async function read(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } });
}

function encodingsOf(file: ArrayBuffer): string[][] {
  const groups = parquetMetadata(file).row_groups;
  return (groups[0]?.columns ?? []).map((column) => [...(column.meta_data?.encodings ?? [])].sort());
}

test('values come back as they went in, whatever encoding their page has', async () => {
  await checkProperty(
    fc.asyncProperty(rows, async (list) => {
      const kept = list.filter((row) => !row.dropped).map(({ text, big, small }) => ({ text, big, small }));
      const found = await read(written(list));
      expect(
        found.map((row) => ({
          text: row['text'] ?? null,
          big: row['big'] ?? null,
          small: row['small'] ?? null,
        })),
      ).toEqual(kept);
    }),
  );
}, 120_000);

test('few different texts become a dictionary, and close numbers differences; what gains nothing stays plain', () => {
  const rowOf = (i: number, text: string, big: bigint): Row => ({ text, big, small: i, dropped: false });
  const few = Array.from({ length: 5000 }, (_, i) => rowOf(i, `kind ${i % 7}`, BigInt(i) * 1000n));
  expect(encodingsOf(written(few))).toEqual([
    ['PLAIN', 'RLE', 'RLE_DICTIONARY'],
    ['DELTA_BINARY_PACKED', 'RLE'],
    ['DELTA_BINARY_PACKED', 'RLE'],
  ]);
  const many = Array.from({ length: 5000 }, (_, i) =>
    rowOf(i, `text ${i}`, BigInt(i % 2 === 0 ? 2n ** 62n : -(2n ** 62n))),
  );
  expect(encodingsOf(written(many)).slice(0, 2)).toEqual([
    ['PLAIN', 'RLE'],
    ['PLAIN', 'RLE'],
  ]);
});

test('a column whose values repeat at first and differ later keeps its first pages', async () => {
  const list = Array.from({ length: 300_000 }, (_, i): Row => ({
    text: i < 150_000 ? `kind ${i % 5}` : `text ${i}`,
    big: null,
    small: null,
    dropped: false,
  }));
  const file = written(list);
  expect(encodingsOf(file)[0]).toEqual(['PLAIN', 'RLE', 'RLE_DICTIONARY']);
  const found = await read(file);
  expect(found.every((row, i) => row['text'] === list[i]?.text)).toBe(true);
}, 60_000);
