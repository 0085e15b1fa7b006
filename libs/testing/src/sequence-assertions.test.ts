import { describe, expect, test } from '@jest/globals';
import { assertNoDuplicates, assertNoGaps } from './sequence-assertions.ts';

describe('assertNoGaps', () => {
  test('accepts a whole sequence in any order with repeats', () => {
    expect(() => assertNoGaps([3n, 1n, 2n, 2n])).not.toThrow();
  });
  test('names a hole of one and a hole of many', () => {
    expect(() => assertNoGaps([1, 3, 7])).toThrow('2 gaps: 2, 4..6');
  });
  test('sees a loss at the beginning and at the end when the bounds are given', () => {
    expect(() => assertNoGaps([2, 3], { from: 1 })).toThrow('1 gaps: 1');
    expect(() => assertNoGaps([1, 2], { from: 1, to: 4 })).toThrow('1 gaps: 3..4');
  });
  test('refuses positions outside of the bounds', () => {
    expect(() => assertNoGaps([0, 1], { from: 1 })).toThrow('before the first');
    expect(() => assertNoGaps([1, 2], { from: 1, to: 1 })).toThrow('after the last');
  });
  test('an empty sequence never passes', () => {
    expect(() => assertNoGaps([])).toThrow('no position at all');
    expect(() => assertNoGaps([], { from: 1, to: 3 })).toThrow('every position is missing: 1..3');
  });
  test('holds beyond the range of a double', () => {
    const big = 2n ** 60n;
    expect(() => assertNoGaps([big, big + 2n])).toThrow(`1 gaps: ${big + 1n}`);
  });
});

describe('assertNoDuplicates', () => {
  test('accepts different keys', () => {
    expect(() => assertNoDuplicates(['a', 'b', 1n, 2n])).not.toThrow();
  });
  test('names the repeated keys once each and counts the rest', () => {
    expect(() => assertNoDuplicates(['a', 'a', 'a', 'b', 'b'])).toThrow('2 keys come more than once: a, b');
    const many = Array.from({ length: 8 }, (_, index) => `k${index}`);
    expect(() => assertNoDuplicates([...many, ...many])).toThrow('and 3 more');
  });
});
