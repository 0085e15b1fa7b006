import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { capturedBy } from './table-pattern.ts';

test.each([
  ['public.orders', 'public.orders', true],
  ['public.orders', 'public.orders2', false],
  ['public.*', 'public.orders', true],
  ['public.*', 'other.orders', false],
  ['public.or*rs', 'public.orders', true],
  ['public.ab*ba', 'public.aba', false],
  ['public.*a*', 'public.xay', true],
  ['public.**', 'public.x', true],
  ['public.a.c*', 'public.abc', false],
])('%s names %s: %s', (pattern, table, named) => {
  expect(capturedBy([pattern], table)).toBe(named);
});

test('stars are matched as a regular expression would match them', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\n'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '\n'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (stars, table) => {
      const parts = stars.split('*').map((part) => part.replaceAll('.', '\\.'));
      expect(capturedBy([stars], table)).toBe(new RegExp(`^${parts.join('.*')}$`, 's').test(table));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern of thousands of stars is looked at once', () => {
  expect(capturedBy([`public.${'*'.repeat(60_000)}x`], `public.${'a'.repeat(63)}`)).toBe(false);
  expect(capturedBy([`public.${'a*'.repeat(30_000)}x`], `public.${'a'.repeat(63)}`)).toBe(false);
});
