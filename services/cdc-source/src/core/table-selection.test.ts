import { isPlatformError } from '@hasivu/errors';
import { expect, test } from '@jest/globals';

import { tablesWithoutKey } from './key-check.ts';
import { schemasOf, selectTables, tableId } from './table-selection.ts';

const catalog = [
  { schema: 'public', table: 'orders', maySelect: true },
  { schema: 'shop', table: 'a', maySelect: true },
  { schema: 'shop', table: 'b', maySelect: false },
];

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    return isPlatformError(error) ? error.code : String(error);
  }
}

test('patterns choose each table once, in catalog order', () => {
  expect(schemasOf(['shop.a', 'public.*', 'shop.*'])).toEqual(['shop', 'public']);
  const chosen = selectTables(['shop.a', 'public.*', 'public.orders'], [], catalog);
  expect(chosen.map(tableId)).toEqual(['public.orders', 'shop.a']);
});

test('stars stand for any characters, and exclude goes before tables', () => {
  const named = (...names: string[]) =>
    names.map((table) => ({ schema: 'public', table, maySelect: table !== 'secret' }));
  const tables = named('orders', 'orders_old', 'orders_tmp', 'secret');
  expect(selectTables(['public.orders*'], ['public.*_tmp', 'public.*_old'], tables).map(tableId)).toEqual([
    'public.orders',
  ]);
  expect(selectTables(['public.*'], ['public.secret'], tables)).toHaveLength(3);
});

test('a pattern without a table and a table without permission are refused', () => {
  expect(codeOf(() => selectTables(['public.nothing'], [], catalog))).toBe('SOURCE_TABLE_MISSING');
  expect(codeOf(() => selectTables(['nowhere.*'], [], catalog))).toBe('SOURCE_TABLE_MISSING');
  expect(codeOf(() => selectTables(['shop.*'], [], catalog))).toBe('SOURCE_PERMISSION');
});

test('a table without a key is reported, and refused where a current-state table was asked for', () => {
  const table = { schema: 'p', table: 't', primaryKey: [], identityIndex: [], identity: 'default' as const };
  const keyed = { ...table, table: 'k', primaryKey: ['id'] };
  expect(tablesWithoutKey([table, keyed], new Set(['p.k']))).toEqual(['p.t']);
  expect(codeOf(() => tablesWithoutKey([table], new Set(['p.t'])))).toBe('SOURCE_KEY_MISSING');
  expect(tablesWithoutKey([{ ...table, identity: 'index', identityIndex: ['u'] }], new Set(['p.t']))).toEqual(
    [],
  );
});
