import { expect, test } from '@jest/globals';
import { mayName } from './column-words.ts';

test.each([
  ['b + 1', 'b'],
  ['a = 1 AND B > 2', 'b'],
  ['`b`', 'b'],
  ['`order no` = 1', 'order no'],
  ["a = 'x' AND b = 'y'", 'b'],
  ['b IN (1, 2)', 'b'],
  ['CAST(b AS DATE)', 'b'],
  ['date > CAST(a AS DATE)', 'date'],
  [String.raw`'\'' = b AND a = 'x'`, 'b'],
  ["a = 'it' -- it's\n AND b = 'x'", 'b'],
  ['a.b = 1', 'b'],
])('%s may name %s', (expression, column) => {
  expect(mayName(expression, column)).toBe(true);
});

test.each([
  ['CAST(a AS DATE)', 'date'],
  ["a > DATE '2026-01-31'", 'date'],
  ["a = 'b'", 'b'],
  ["CASE WHEN a = 'b' THEN 'b' END", 'b'],
  ['year(a)', 'year'],
  ['bb + b_b', 'b'],
])('%s does not name %s', (expression, column) => {
  expect(mayName(expression, column)).toBe(false);
});
