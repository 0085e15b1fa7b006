import type { RelationColumn, ReplicaIdentity } from '@hasivu/pgoutput';
import { expect, test } from '@jest/globals';

import { keyOfRelation, sameShape, shapeTable, type CatalogHints } from './table-shape.ts';

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

const CASES: readonly [ReplicaIdentity, string[], string[], string][] = [
  ['default', ['a', 'b'], ['b', 'a'], 'the flagged columns, in key order'],
  ['default', ['a'], ['a'], 'the flagged columns, where the catalog of today has another key'],
  ['default', [], [], 'none without a primary key'],
  ['index', ['c'], ['c'], "the identity index's columns"],
  ['full', ['a', 'b', 'c'], ['b', 'a'], 'the primary key, though every column is flagged'],
  ['nothing', [], ['b', 'a'], 'the primary key, for inserts'],
];

test.each(CASES)('under %s with %j flagged the key is %j: %s', (identity, flagged, expected) => {
  const columns = ['a', 'b', 'c'].map((name) => column(name, flagged.includes(name)));
  expect(keyOfRelation(columns, identity, hints)).toEqual(expected);
});

test('a key whose columns are not published is no key', () => {
  expect(keyOfRelation([column('a', true)], 'full', hints)).toEqual([]);
});

test('shapes are the same only with the same names, types, order and key', () => {
  const source = { database: 'd', schema: 's', table: 't', identity: 'default' as const };
  const shape = (...names: string[]): ReturnType<typeof shapeTable> =>
    shapeTable({ ...source, columns: names.map((name) => column(name, false)) }, hints, () => undefined);
  expect(sameShape(shape('a', 'b'), shape('a', 'b'))).toBe(true);
  expect(sameShape(shape('a', 'b'), shape('b', 'a'))).toBe(false);
  expect(sameShape(shape('a', 'b'), shape('a'))).toBe(false);
  expect(sameShape(shape('a', 'b'), { ...shape('a', 'b'), key: ['a'] })).toBe(false);
});
