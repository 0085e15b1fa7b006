import { expect, test } from '@jest/globals';
import { isShattered } from './shattered-flush.ts';

test.each([
  ['a file for each of a thousand tenants', 596, 2_440, true],
  ['a file for each of a few regions', 12, 100, false],
  ['a copy of many months', 48, 250_000, false],
])('%s', (_, files, rows, expected) => {
  expect(isShattered(files, rows)).toBe(expected);
});
