import { expect, test } from '@jest/globals';
import { ColumnMapping, field, type AddFile } from '@hasivu/delta';
import { parsePartitionPredicate } from './partition-predicate.ts';

const table = {
  root: 'bronze/public/orders',
  schema: {
    type: 'struct',
    fields: [field('day', 'date'), field('n', 'integer'), field('odd "name', 'string')],
  } as const,
  partitionColumns: ['day', 'n', 'odd "name'],
  columns: ColumnMapping.NONE,
};
const file = (day: string | null, n: string | null, odd: string | null): AddFile => ({
  path: 'f',
  partitionValues: { day, n, 'odd "name': odd },
  size: 1,
  modificationTime: 1,
  dataChange: true,
});

test.each([
  ["day = '2026-01-02'", true],
  ["day >= '2026-01-01' AND day < '2026-01-02'", false],
  ["DAY<'2026-01-03' and n >= 9", true],
  // As a number, not as text.
  ['n < 9', false],
  ['n <> 10', false],
  ['"odd ""name" = \'a and b\'', true],
  ['"odd ""name" != \'it\'\'s\'', true],
  ['day is null', false],
  ['n is not null and day is not null', true],
])('%s', (predicate, taken) => {
  const parsed = parsePartitionPredicate(predicate, table);
  expect(parsed.takes(file('2026-01-02', '10', 'a and b'))).toBe(taken);
  expect(parsed.predicate).toBe(predicate);
});

test('a partition without a value is in no comparison', () => {
  for (const predicate of ['n = 1', 'n != 1', 'n < 1', 'n >= 1'])
    expect(parsePartitionPredicate(predicate, table).takes(file(null, null, null))).toBe(false);
  expect(parsePartitionPredicate('n is null', table).takes(file(null, null, null))).toBe(true);
});

test.each([
  '',
  'day',
  "day = '2026-01-01' or n = 1",
  'id = 1',
  "day = 'x",
  'day = 1; drop table x',
  'n = 1 and',
])('%j is refused', (predicate) => {
  expect(() => parsePartitionPredicate(predicate, table)).toThrow(
    expect.objectContaining({ code: 'LAKE_CHOICE_INVALID' }),
  );
});
