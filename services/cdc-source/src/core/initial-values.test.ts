import type { ColumnSchema, ColumnType } from '@hasivu/change-events';
import { textEncoderFor, type RelationMessage } from '@hasivu/pgoutput';
import type { CatalogTable } from '@hasivu/postgres';
import { describe, expect, test } from '@jest/globals';

import { transformEncoder } from './column-transform.ts';
import { encodedInitial, InitialValues } from './initial-values.ts';

const XID = 100;
const relation = (typeOid = 23): RelationMessage =>
  ({
    oid: 7,
    columns: [{ name: 'n', typeOid, typmod: -1, inIdentity: false }],
  }) as unknown as RelationMessage;
const catalog = (initial: string | null, number = 2, changedBy = 90): CatalogTable =>
  ({ oid: 7, columns: [{ name: 'n', typeOid: 23, number, initial, changedBy }] }) as unknown as CatalogTable;
const KNOWN = new Map([['n', '7.2']]);
const UNKNOWN = new Map<string, string>();

describe('what rows have that were there before a column', () => {
  test('is told by the catalog, and kept when the table is written anew', () => {
    const initials = new InitialValues();
    initials.see(catalog('5'));
    expect(initials.of(relation(), KNOWN, catalog('5'), XID).get('n')).toBe('5');
    initials.see(catalog(null));
    expect(initials.of(relation(), KNOWN, catalog(null), XID).get('n')).toBe('5');
  });

  test('is no other column’s of the same name', () => {
    const initials = new InitialValues();
    initials.see(catalog('5'));
    expect(initials.of(relation(), new Map([['n', '7.3']]), null, XID).size).toBe(0);
  });

  test('is taken of a column that nobody has changed since, though others were', () => {
    const initials = new InitialValues();
    const of = (changedBy: number) => {
      const current = catalog('5', 2, changedBy);
      initials.see(current);
      return initials.of(relation(), UNKNOWN, current, XID).get('n');
    };
    expect([of(90), of(XID), of(XID + 1)]).toEqual(['5', '5', undefined]);
  });

  test('is that of a wider type, and of no other type', () => {
    const initials = new InitialValues();
    initials.tell(7, [{ name: 'n', typeOid: 23, number: 2, initial: '5' }]);
    const of = (typeOid: number) => initials.of(relation(typeOid), KNOWN, null, XID).get('n');
    expect([of(20), of(1700), of(25)]).toEqual(['5', '5', undefined]);
  });

  test('is recalled from a schema that was registered, where the column has that type', () => {
    const initials = new InitialValues();
    const column: ColumnSchema = { name: 'n', type: { kind: 'int32' }, pgType: 'integer', origin: '7.2' };
    initials.registered([{ ...column, initial: '5' }]);
    expect(initials.before({ ...column, name: 'renamed' })).toBe('5');
    expect(initials.before({ ...column, type: { kind: 'string' } })).toBeNull();
    expect(initials.before({ ...column, origin: '7.3' })).toBeNull();
  });
});

test.each<[ColumnType, string, unknown]>([
  [{ kind: 'int64' }, '-9007199254740993', '-9007199254740993'],
  [{ kind: 'decimal', precision: 5, scale: 3 }, '-0.05', '-0.050'],
  [{ kind: 'decimal', precision: 5, scale: 0 }, '12', '12'],
  [{ kind: 'boolean' }, 't', 'true'],
  [{ kind: 'bytes' }, '\\xdead', 'dead'],
  [{ kind: 'date' }, '1970-01-11', '10'],
  [{ kind: 'timestamptz' }, '1970-01-01 00:00:01+00', '1000000'],
  [{ kind: 'float64' }, 'Infinity', 'Infinity'],
  [{ kind: 'array', element: { kind: 'string' } }, '{"a,b",NULL}', ['a,b', null]],
  [{ kind: 'decimal', precision: 5, scale: 0 }, 'NaN', null],
])('of %j %s is %j in a schema', (type, text, expected) => {
  expect(encodedInitial(textEncoderFor(type), type, text)).toEqual(expected);
});

test('a value that events do not show is not in their schema either', () => {
  const of = { kind: 'string' } as const;
  const plain = textEncoderFor(of);
  const shown = (transform: Parameters<typeof transformEncoder>[0]) =>
    encodedInitial(transformEncoder(transform, plain), of, 'secret');
  expect(shown({ kind: 'mask', bytes: Buffer.from('***'), of })).toBe('***');
  expect(shown({ kind: 'truncate', characters: 2, of })).toBe('se');
  expect(shown({ kind: 'hash', salt: 's', of })).toMatch(/^[0-9a-f]{64}$/);
});
