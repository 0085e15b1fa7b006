import { describe, expect, test } from '@jest/globals';

import { quantile, rangeOf } from './statistics.ts';

describe('figures over rounds', () => {
  test('the median of an even number of rounds lies between the two in the middle', () => {
    expect(rangeOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  });
  test('one round is its own range', () => {
    expect(rangeOf([7.126], 2)).toEqual({ median: 7.13, min: 7.13, max: 7.13 });
  });
  test('quantiles are interpolated, the ends are the ends', () => {
    const sorted = [10, 20, 30, 40, 50];
    expect([0, 0.25, 0.9, 1].map((q) => quantile(sorted, q))).toEqual([10, 20, 46, 50]);
  });
});
