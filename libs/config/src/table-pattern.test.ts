import { expect, test } from '@jest/globals';

import { capturedBy } from './table-pattern.ts';

test.each([
  ['shop.*', 'shop.orders', true],
  ['shop.*', 'shops.orders', false],
  ['shop.o*s', 'shop.orders', true],
  ['shop.o*d*r*', 'shop.orders', true],
  ['shop.ab*ba', 'shop.aba', false],
  ['shop.*x*', 'shop.orders', false],
  ['shop.a.c', 'shop.abc', false],
  ['shop.orders', 'shop.orders', true],
])('%s and %s: %s', (pattern, table, expected) => {
  expect(capturedBy([pattern], table)).toBe(expected);
});

test('a pattern of many stars is told at once', () => {
  expect(capturedBy([`public.${'*'.repeat(2_000)}x`], `public.${'a'.repeat(60)}`)).toBe(false);
  expect(capturedBy([`public.${'*a'.repeat(200)}x`], `public.${'a'.repeat(600)}`)).toBe(false);
});
