import type { ColumnSchema } from '@hasivu/change-events';
import type { CatalogTable } from '@hasivu/postgres';
import { expect, test } from '@jest/globals';

import { LeftOutColumns, originsAmong, originsBesideRelation } from './left-out-columns.ts';

const column = (origin: string | undefined, more: Partial<ColumnSchema> = {}): ColumnSchema => ({
  name: 'n',
  type: { kind: 'int32' },
  pgType: 'integer',
  ...(origin === undefined ? {} : { origin }),
  ...more,
});

test('a column that events went without stays one when they have it, beyond the schemas that say so', () => {
  const first = new LeftOutColumns();
  first.add('t', ['7.3', '7.2', undefined]);
  expect(first.beside('t', [column('7.1')])).toEqual(['7.2', '7.3']);
  expect(first.beside('t', [column('7.2')])).toEqual(['7.3']);
  expect([
    first.has('t', column('7.2')),
    first.has('t', column('7.1')),
    first.has('u', column('7.2')),
  ]).toEqual([true, false, false]);
  const next = new LeftOutColumns();
  next.registered('t', [column('7.2'), column('7.4', { initial: '5' })], first.beside('t', [column('7.2')]));
  expect(['7.2', '7.3', '7.4', undefined].map((origin) => next.has('t', column(origin)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  // A column that was only had without a value is none that is left out: it may have been dropped.
  expect(next.beside('t', [])).toEqual(['7.3']);
});

test('a relation goes without the columns that were there before its change, not without those that came later', () => {
  const columns = [
    { name: 'id', number: 1, generated: false, changedBy: 10 },
    { name: 'gone', number: 2, generated: false, changedBy: 90 },
    { name: 'own', number: 3, generated: false, changedBy: 100 },
    { name: 'later', number: 4, generated: false, changedBy: 110 },
    { name: 'worked_out', number: 5, generated: true, changedBy: 10 },
  ];
  const table = { oid: 7, columns } as unknown as CatalogTable;
  expect(originsBesideRelation(table, new Set(['id']), 100)).toEqual(['7.2']);
  expect(originsAmong(table, ['own', 'gone'])).toEqual(['7.2', '7.3']);
});
