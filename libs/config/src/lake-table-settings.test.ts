import { expect, test } from '@jest/globals';
import { lakeTableOf } from './lake-table-settings.ts';

const orders = {
  partitionBy: [],
  bronze: true,
  clusterBy: ['tenant_id'],
  history: [{ type: 2 as const }, { type: 4 as const, name: 'past' }],
};
const tables = { 'public.orders': orders, 'shop.big carts': { partitionBy: [], bronze: true } };
const asFolder = (name: string): string => name.replaceAll(' ', '_');

test.each([
  ['bronze/public/orders', 'public.orders'],
  ['silver/north.public/orders', 'public.orders'],
  ['history/public/orders_scd2', 'public.orders'],
  ['history/public/past_history', 'public.orders'],
  ['bronze/shop/big_carts', 'shop.big carts'],
])('%s has the settings of %s', (root, table) => {
  expect(lakeTableOf({ tables }, root, asFolder)).toMatchObject({
    table,
    config: tables[table as keyof typeof tables],
  });
});

test('a table without an entry has none, and a folder of somebody else is no table', () => {
  expect(lakeTableOf({ tables }, 'silver/public/meals', asFolder)).toEqual({
    layer: 'silver',
    table: 'public.meals',
    config: {},
  });
  expect(lakeTableOf({ tables }, 'curated/clean/orders', asFolder)?.table).toBe('curated.clean.orders');
  for (const root of ['other/public/orders', 'bronze/public', 'bronze/public/orders/deep'])
    expect(lakeTableOf({ tables }, root, asFolder)).toBeNull();
});
