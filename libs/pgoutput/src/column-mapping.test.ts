import { describeColumnType } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { describePgType, mapColumnType } from './column-mapping.ts';
import type { PgType } from './pg-type.ts';

const base: PgType = {
  oid: 0,
  name: '',
  schema: 'pg_catalog',
  kind: 'b',
  elementOid: 0,
  delimiter: ',',
  baseOid: 0,
  baseTypmod: -1,
  baseDimensions: 0,
  send: '',
  partOids: [],
};
const TYPES: PgType[] = [
  { ...base, oid: 23, name: 'int4' },
  { ...base, oid: 1007, name: '_int4', elementOid: 23 },
  { ...base, oid: 1700, name: 'numeric' },
  { ...base, oid: 1231, name: '_numeric', elementOid: 1700 },
  { ...base, oid: 603, name: 'box', delimiter: ';' },
  { ...base, oid: 1020, name: '_box', elementOid: 603 },
  {
    ...base,
    oid: 50,
    name: 'price',
    schema: 'shop',
    kind: 'd',
    baseOid: 1700,
    baseTypmod: (10 << 16) + 2 + 4,
  },
  { ...base, oid: 51, name: 'mood', schema: 'shop', kind: 'e' },
  { ...base, oid: 52, name: 'int4', schema: 'shop', kind: 'b' },
];
const lookup = (oid: number): PgType | undefined => TYPES.find((type) => type.oid === oid);
const numeric = (precision: number, scale: number): number => (precision << 16) + (scale & 0x7ff) + 4;

test.each([
  [23, -1, 0, 'int32', 'integer'],
  [1700, -1, 0, 'string', 'numeric'],
  [1700, numeric(10, 2), 0, 'decimal(10,2)', 'numeric(10,2)'],
  [1700, numeric(38, 38), 0, 'decimal(38,38)', 'numeric(38,38)'],
  [1700, numeric(39, 2), 0, 'string', 'numeric(39,2)'],
  [1700, numeric(5, -2), 0, 'string', 'numeric(5,-2)'],
  [1700, numeric(2, 5), 0, 'string', 'numeric(2,5)'],
  [1007, -1, 1, 'array<int32>', 'integer[]'],
  [1007, -1, 0, 'array<int32>', 'integer[]'],
  [1007, -1, 2, 'string', 'integer[]'],
  [1231, numeric(6, 3), 1, 'array<decimal(6,3)>', 'numeric(6,3)[]'],
  [1020, -1, 1, 'string', 'box[]'],
  [50, -1, 0, 'decimal(10,2)', 'shop.price'],
  [51, -1, 0, 'string', 'shop.mood'],
  [52, -1, 0, 'string', 'shop.int4'],
  [99999, -1, 0, 'string', 'type 99999'],
])('type %i with modifier %i and %i dimensions is %s', (typeOid, typmod, dimensions, expected, name) => {
  const declared = { typeOid, typmod, dimensions };
  expect(describeColumnType(mapColumnType(declared, lookup))).toBe(expected);
  expect(describePgType(declared, lookup)).toBe(name);
});
