import type { ColumnType } from '@hasivu/change-events';

import { mapColumnType, SQL_NAMES } from './column-mapping.ts';
import type { PgType } from './pg-type.ts';

const DECLARATION = /^"?([a-z][a-z0-9 _]*?)"?(?:\((\d+)(?:,(-?\d+))?\))?((?:\[\])*)$/;
const ALIASES: Readonly<Record<string, string>> = {
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
};
const ELEMENT_OID = 1;
const ARRAY_OID = 2;

/**
 * Logical type of a built-in type as CREATE TABLE writes it, e.g. `numeric(10,2)[]`, without asking a server. For the
 * type table; columns of real tables are mapped from the catalog.
 */
export function mapDeclaration(declaration: string): ColumnType {
  const match = DECLARATION.exec(declaration);
  if (!match) throw new RangeError(`not a type declaration: ${JSON.stringify(declaration)}`);
  const [, name = '', precision, scale = '0', brackets = ''] = match;
  const dimensions = brackets.length / 2;
  const base: PgType = {
    oid: ELEMENT_OID,
    name: catalogName(name),
    schema: 'pg_catalog',
    kind: 'b',
    elementOid: 0,
    delimiter: name === 'box' ? ';' : ',',
    baseOid: 0,
    baseTypmod: -1,
    baseDimensions: 0,
    send: '',
    partOids: [],
  };
  const array: PgType = { ...base, oid: ARRAY_OID, name: `_${base.name}`, elementOid: ELEMENT_OID };
  const typmod = precision === undefined ? -1 : ((Number(precision) << 16) | (Number(scale) & 0x7ff)) + 4;
  return mapColumnType({ typeOid: dimensions > 0 ? ARRAY_OID : ELEMENT_OID, typmod, dimensions }, (oid) =>
    oid === ARRAY_OID ? array : base,
  );
}

function catalogName(name: string): string {
  if (ALIASES[name] !== undefined) return name;
  return Object.entries(SQL_NAMES).find(([, sqlName]) => sqlName === name)?.[0] ?? name;
}
