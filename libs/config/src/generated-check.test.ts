import { expect, test } from '@jest/globals';
import { checkConfig } from './config-check.ts';

const mistakes = (table: object): unknown =>
  checkConfig({
    version: 1,
    kafka: { brokers: ['127.0.0.1:9092'], registry: 'http://127.0.0.1:8085' },
    tables: { 'public.t': table },
  });
const day = 'CAST(created_at AS DATE)';

test('generated columns of a state table are no mistake', () => {
  expect(mistakes({ generated: { day, month: "month(created_at) * 1 + length('day of year')" } })).toEqual(
    [],
  );
  expect(mistakes({ generated: {}, silver: false })).toEqual([]);
  const words = { date: day, end: "CASE WHEN n > 1 THEN 'a' ELSE 'b' END", int: 'CAST(n AS INT)' };
  expect(mistakes({ generated: words })).toEqual([]);
  expect(mistakes({ generated: { created_day: day }, partitionBy: ['month(created_at)'] })).toEqual([]);
});

test.each([
  [{ generated: { day }, silver: false }, '', 'silver is false'],
  [{ generated: { day, DAY: day } }, '/day', 'names ignore case'],
  [{ generated: { _lsn: day } }, '/_lsn', 'has anyway'],
  [{ generated: { __row: day } }, '/__row', 'begins with __'],
  [{ generated: { day }, partitionBy: ['day'] }, '/day', 'partitionBy'],
  [{ generated: { at_month: day }, partitionBy: ['month(at)'] }, '/at_month', 'partitionBy'],
  [{ generated: { 'a b': day } }, '/a b', 'is no name of a column'],
])('%j is a mistake', (table, path, reason) => {
  expect(mistakes(table)).toMatchObject([
    { path: expect.stringContaining(path) as unknown, reason: expect.stringContaining(reason) as unknown },
  ]);
});
