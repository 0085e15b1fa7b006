import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { comparePositions, formatLsn, parseLsn, toLsn } from './position.ts';

test('a log position survives its text form over all 64 bits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) =>
      expect(parseLsn(formatLsn(toLsn(value)))).toBe(value),
    ),
  );
});

test.each(['', '0', '0/', '/1', '0/G', '123456789/0', '0/0 '])('%j is not a log position', (text) => {
  expect(() => parseLsn(text)).toThrow(RangeError);
});

test('the commit comes before the sequence in the total order', () => {
  const at = (commitLsn: bigint, seq: number) => ({ commitLsn: toLsn(commitLsn), seq });
  const ordered = [at(1n, 5), at(1n, 6), at(2n, 0), at(2n ** 40n, 0)];
  expect([...ordered].reverse().sort(comparePositions)).toEqual(ordered);
});
