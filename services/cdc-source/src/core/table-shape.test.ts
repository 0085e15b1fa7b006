import type { RelationColumn } from '@hasivu/pgoutput';
import { expect, test } from '@jest/globals';

import { sameShape, shapeTable, type CatalogHints } from './table-shape.ts';

const column = (name: string, inIdentity: boolean): RelationColumn => ({
  name,
  typeOid: 23,
  typmod: -1,
  inIdentity,
});
const hints: CatalogHints = {
  dimensions: new Map(),
  primaryKey: ['b', 'a'],
  identityIndex: ['c'],
  origins: new Map(),
  initials: new Map(),
  defaulted: new Set(),
};

test('shapes are the same only with the same names, types, order and key', () => {
  const source = { database: 'd', schema: 's', table: 't', identity: 'default' as const };
  const shape = (...names: string[]): ReturnType<typeof shapeTable> =>
    shapeTable({ ...source, columns: names.map((name) => column(name, false)) }, hints, () => undefined);
  expect(sameShape(shape('a', 'b'), shape('a', 'b'))).toBe(true);
  expect(sameShape(shape('a', 'b'), shape('b', 'a'))).toBe(false);
  expect(sameShape(shape('a', 'b'), shape('a'))).toBe(false);
  expect(sameShape(shape('a', 'b'), { ...shape('a', 'b'), key: ['a'] })).toBe(false);
});
