import { expect, test } from '@jest/globals';
import { field } from '@hasivu/delta';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import type { EngineVector } from '@hasivu/lake-engine';
import { writeKeyCodes } from './key-codes.ts';
import { keyLayout, type KeyLayout } from './key-layout.ts';

const layoutOf = (...types: Parameters<typeof field>[1][]): KeyLayout | null => {
  const rowFields = types.map((type, at) => field(`k${at}`, type));
  return keyLayout({ rowFields, partitions: [], key: rowFields.map(({ name }) => name) });
};
const vector = (values: BigInt64Array | Int32Array): EngineVector => ({
  bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  hasNull: false,
});
const codesOf = (layout: KeyLayout, vectors: readonly EngineVector[], rows: number): string[] => {
  const codes = new Uint32Array(rows * layout.codeWords);
  writeKeyCodes(layout, vectors, rows, codes, 0, layout.codeWords);
  return Array.from({ length: rows }, (_, row) =>
    codes.subarray(row * layout.codeWords, (row + 1) * layout.codeWords).join(),
  );
};

test('keys have equal codes exactly where they are equal, neighbours and extremes included', async () => {
  const pair = layoutOf('integer', 'long') as KeyLayout;
  const single = layoutOf('long') as KeyLayout;
  const long = fc.oneof(
    fc.bigInt({ min: -4n, max: 4n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  await checkProperty(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -2, max: 2 }), long), { maxLength: 40 }), (keys) => {
      const ints = vector(Int32Array.from(keys, ([int]) => int));
      const longs = vector(BigInt64Array.from(keys, ([, big]) => big));
      const unlike = (texts: readonly string[]): number => new Set(texts).size;
      return (
        unlike(codesOf(pair, [ints, longs], keys.length)) === unlike(keys.map((key) => key.join())) &&
        unlike(codesOf(single, [longs], keys.length)) === unlike(keys.map(([, big]) => String(big)))
      );
    }),
  );
});

test('first words of keys that count upwards are spread evenly', () => {
  for (const layout of [layoutOf('integer'), layoutOf('long'), layoutOf('date', 'long')] as KeyLayout[]) {
    const rows = 4_096;
    const counted = BigInt64Array.from({ length: rows }, (_, at) => BigInt(at));
    const ints = vector(Int32Array.from({ length: rows }, (_, at) => at));
    const constant = vector(new Int32Array(rows));
    const vectors = layout.columns.map(({ words }) =>
      words === 2 ? vector(counted) : layout.columns.length === 1 ? ints : constant,
    );
    const codes = new Uint32Array(rows * layout.codeWords);
    expect(writeKeyCodes(layout, vectors, rows, codes, 0, layout.codeWords)).toBe(true);
    const perSixteenth = new Uint32Array(16);
    for (let row = 0; row < rows; row += 1) {
      const sixteenth = (codes[row * layout.codeWords] as number) >>> 28;
      perSixteenth[sixteenth] = (perSixteenth[sixteenth] as number) + 1;
    }
    expect(Math.min(...perSixteenth)).toBeGreaterThan(180);
    expect(Math.max(...perSixteenth)).toBeLessThan(340);
  }
});

test('a null has no code', () => {
  const layout = layoutOf('integer') as KeyLayout;
  const column = { ...vector(new Int32Array(1)), hasNull: true };
  expect(writeKeyCodes(layout, [column], 1, new Uint32Array(2), 0, 2)).toBe(false);
});

test.each<[string, Parameters<typeof field>[1][], number | null]>([
  ['a date and a number', ['date', 'integer'], 2],
  ['two longs', ['long', 'long'], 4],
  ['a wide decimal', ['decimal(38,4)'], 4],
  ['three longs', ['long', 'long', 'long'], null],
  ['text', ['string'], null],
  ['floating point', ['double'], null],
  ['bytes', ['binary'], null],
])('%s: the words of its code', (_, types, words) => {
  expect(layoutOf(...types)?.codeWords ?? null).toBe(words);
});

test('text is coded where the source says that it is a UUID', () => {
  const rowFields = [field('id', 'string', { pgType: 'uuid' })];
  expect(keyLayout({ rowFields, partitions: [], key: ['id'] })?.codeWords).toBe(4);
});
