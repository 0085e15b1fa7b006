import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  dateText,
  decimalText,
  field,
  parseStatistics,
  statisticsJson,
  timestampText,
  truncatedMax,
  truncatedMin,
} from './index.ts';

/** Order of code points, which is that of UTF-8 bytes. */
const order = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));
const anyText = fc.string({ unit: 'grapheme', maxLength: 80 });

describe('statistics', () => {
  test('a truncated minimum is never above the value, a truncated maximum never below', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(order(truncatedMin(value), value)).toBeLessThanOrEqual(0);
        const max = truncatedMax(value);
        if (max !== undefined) expect(order(max, value)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test.each([
    ['short', 'abc', 'abc'],
    ['plain text gets DEL', 'a'.repeat(40), `${'a'.repeat(32)}\u007f`],
    ['beyond ASCII gets the last code point', 'é'.repeat(40), `${'é'.repeat(32)}\u{10ffff}`],
    ['a surrogate pair is not split', `${'a'.repeat(31)}🙂${'b'.repeat(9)}`, `${'a'.repeat(31)}🙂\u007f`],
    ['no safe cut', '\u{10ffff}'.repeat(40), undefined],
  ])('maximum: %s', (_, value, max) => {
    expect(truncatedMax(value)).toBe(max);
  });

  test('digits survive the way into the log and back', () => {
    const fields = [field('big', 'long'), field('price', 'decimal(38,10)'), field('name', 'string')];
    const columns = new Map([
      ['big', { min: '-9223372036854775808', max: '9223372036854775807', nullCount: 3 }],
      ['price', { min: '-0.0000000001', max: '9999999999999999999999999999.9999999999', nullCount: 0 }],
      ['name', { min: '"q"', max: 'ü', nullCount: 0 }],
    ]);
    const json = statisticsJson(fields, { numRecords: 9, columns });
    expect(json).toContain('9223372036854775807');
    expect(json).not.toContain('"9223372036854775807"');
    expect(parseStatistics(json)).toEqual({ numRecords: 9, columns });
  });

  test('instants are cut down to milliseconds, also before 1970', () => {
    expect(timestampText(1_999n, true)).toBe('1970-01-01T00:00:00.001Z');
    expect(timestampText(-1n, false)).toBe('1969-12-31T23:59:59.999');
    expect(timestampText(9_223_372_036_854_775_807n, true)).toBeUndefined();
    expect(dateText(-719_162)).toBe('0001-01-01');
    expect(dateText(99_999_999)).toBeUndefined();
  });

  test('decimals keep their sign and leading zeros', () => {
    expect([decimalText(-5n, 2), decimalText(0n, 0), decimalText(1234n, 3)]).toEqual(['-0.05', '0', '1.234']);
  });

  test('broken statistics say nothing', () => {
    for (const text of [undefined, '', '{', '{"stats_json":1}'])
      expect(parseStatistics(text).columns.size).toBe(0);
  });
});
