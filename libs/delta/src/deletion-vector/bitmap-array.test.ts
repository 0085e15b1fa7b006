import { describe, expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { decodeBitmapArray, encodeBitmapArray } from './bitmap-array.ts';
import { RowSet } from './row-set.ts';
import { fromZ85, toZ85 } from './z85.ts';

const rowsOf = (set: RowSet): number[] => {
  const rows: number[] = [];
  set.forEach((row) => rows.push(row));
  return rows;
};
const range = (start: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, index) => start + index * step);
const isUnlike = (set: RowSet, model: ReadonlySet<number>): boolean =>
  set.size !== model.size || rowsOf(set).join() !== [...model].sort((left, right) => left - right).join();

/** Single rows and stretches, many of them at the borders where the format changes its form. */
const borders = [
  0,
  4_095,
  4_096,
  65_535,
  65_536,
  131_072,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 33 + 7,
  2 ** 48,
  2 ** 53 - 70_000,
];
const stretches = fc.record({
  start: fc.oneof(
    fc.constantFrom(...borders),
    fc.nat({ max: 200_000 }),
    fc.maxSafeNat().map((n) => Math.floor(n / 2)),
  ),
  count: fc.oneof(fc.constantFrom(1, 2, 4_095, 4_096, 4_097), fc.nat({ max: 300 })),
  step: fc.constantFrom(1, 1, 2, 15),
});
const rowLists = fc
  .array(stretches, { maxLength: 6 })
  .map((all) => all.flatMap(({ start, count, step }) => range(start, count, step)));

describe('rows of a deletion vector', () => {
  test('are a set, whatever is added in whatever order, and come back from bytes as they were', async () => {
    await checkProperty(
      fc.property(rowLists, rowLists, fc.boolean(), (first, second, reversed) => {
        const model = new Set<number>();
        const set = new RowSet();
        for (const row of reversed ? first.toReversed() : first) {
          if (set.add(row) === model.has(row)) return false;
          model.add(row);
        }
        const decoded = decodeBitmapArray(encodeBitmapArray(set));
        if (isUnlike(set, model) || isUnlike(decoded, model)) return false;
        decoded.addAll(RowSet.of(second));
        for (const row of second) model.add(row);
        return (
          !isUnlike(decodeBitmapArray(encodeBitmapArray(decoded)), model) &&
          second.every((row) => decoded.has(row))
        );
      }),
    );
  });

  test('has says no for neighbours of what is there', () => {
    const set = RowSet.of([...range(0, 5_000, 2), 2 ** 32]);
    expect([
      set.has(4_998),
      set.has(4_999),
      set.has(2 ** 32),
      set.has(0),
      set.has(2 ** 32 + 1),
      set.has(9 ** 9),
    ]).toEqual([true, false, true, true, false, false]);
  });

  test.each([
    ['none', [], 12],
    ['few scattered: a list', range(0, 100, 3), 16 + 16 + 200],
    ['as many as a list may have', range(0, 4_096, 3), 16 + 16 + 8_192],
    ['one more: a bitmap', range(0, 4_097, 3), 16 + 16 + 8_192],
    ['a stretch: one run', range(10, 60_000), 16 + 9 + 2 + 4],
    ['a full block', range(65_536, 65_536), 16 + 9 + 2 + 4],
  ])('take the smallest form: %s', (_, rows, byteLength) => {
    const bytes = encodeBitmapArray(RowSet.of(rows));
    expect(bytes.length).toBe(byteLength);
    expect(rowsOf(decodeBitmapArray(bytes))).toEqual(rows);
  });

  test('four and more blocks, some of them runs, list where each begins', () => {
    const rows = [
      ...range(0, 100),
      ...range(65_536, 10, 2),
      ...range(131_072, 4_500, 3),
      ...range(196_608, 1),
      ...range(2 ** 32, 5),
    ];
    expect(rowsOf(decodeBitmapArray(encodeBitmapArray(RowSet.of(rows))))).toEqual(rows);
  });

  test('as bits, the first row is the highest bit', () => {
    expect([...RowSet.of([0, 7, 9, 40]).toBits(20)]).toEqual([0x81, 0x40, 0]);
  });

  test('a row below 0 or that no number can hold is refused', () => {
    for (const row of [-1, 0.5, 2 ** 53, NaN]) expect(() => new RowSet().add(row)).toThrow(RangeError);
  });

  test('bytes that are damaged anywhere are told or are another set: nothing else happens', async () => {
    const whole = encodeBitmapArray(
      RowSet.of([...range(0, 50, 3), ...range(70_000, 5_000), ...range(2 ** 32, 5_000, 2)]),
    );
    await checkProperty(
      fc.property(
        fc.nat({ max: whole.length - 1 }),
        fc.nat({ max: 255 }),
        fc.nat({ max: whole.length }),
        (at, value, end) => {
          const damaged = Buffer.from(whole.subarray(0, end));
          if (at < end) damaged[at] = value;
          try {
            return decodeBitmapArray(damaged).size >= 0;
          } catch (error) {
            return (error as { code?: string }).code === 'LAKE_LOG_CORRUPT';
          }
        },
      ),
      { runs: 2_000 },
    );
    expect(() => decodeBitmapArray(Buffer.concat([whole, Buffer.of(0)]))).toThrow('goes on');
  });
});

describe('Z85', () => {
  test('any bytes come back, and the specification’s own example is as it says', async () => {
    const hello = Buffer.from('864fd26fb559f75b', 'hex');
    expect(toZ85(hello)).toBe('HelloWorld');
    expect(fromZ85('HelloWorld', 8)).toEqual(hello);
    await checkProperty(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) =>
        fromZ85(toZ85(bytes), bytes.length).equals(Buffer.from(bytes)),
      ),
      { runs: 500 },
    );
  });

  test.each([
    ['short', 5],
    ['#####', 4],
    ['Hell', 3],
    ['He"lo', 4],
  ])('%s is refused', (text, length) => {
    expect(() => fromZ85(text, length)).toThrow(expect.objectContaining({ code: 'LAKE_LOG_CORRUPT' }));
  });
});
