import { expect, test } from '@jest/globals';
import { SetAside } from './set-aside.ts';

test('a table is left alone longer each time, an hour at most, and from the beginning once it has gone well', () => {
  const aside = new SetAside();
  const waits = Array.from({ length: 8 }, () => aside.add('a', 1_000));
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((minutes) => minutes * 60_000));
  expect([aside.has('a', 1_000), aside.has('a', 3_601_000), aside.has('b', 0)]).toEqual([true, false, false]);
  expect([aside.count(1_000), aside.count(3_601_000)]).toEqual([1, 0]);
  aside.clear('a');
  expect(aside.add('a', 0)).toBe(60_000);
});
