import { expect, test } from '@jest/globals';
import { parseInterval } from './interval.ts';

const DAY = 86_400_000;

test.each([
  ['interval 30 days', 30 * DAY],
  ['interval 1 week', 7 * DAY],
  ['INTERVAL 1 WEEK 12 HOURS', 7 * DAY + DAY / 2],
  ['168 hours', 7 * DAY],
  ['interval 0 seconds', 0],
  ['interval 1500 microseconds', 1],
])('"%s" is %d milliseconds', (text, ms) => {
  expect(parseInterval(text)).toBe(ms);
});

test.each([
  '',
  'interval',
  'interval 1 month',
  'interval 1 year',
  '7',
  'days 7',
  'interval -1 days',
  'interval 1.5 days',
])('"%s" is no interval that a table may have', (text) => {
  expect(parseInterval(text)).toBeNull();
});
