import { replicaIdentityOf } from '@hasivu/pgoutput';
import { checkProperty } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseDdlMessage, subtransactionOf } from './ddl-message.ts';
import { DdlTokens } from './ddl-tokens.ts';
import { DDL_PREFIX } from './ddl-trigger-sql.ts';

const base = {
  v: 1,
  token: 'secret',
  slot: 's',
  oid: 1,
  schema: 'a',
  table: 'b',
  statement: null,
  cut: false,
};
const drop = { ...base, kind: 'drop', command: 'DROP TABLE', xid: 7 };
const column = {
  name: 'id',
  typeOid: 23,
  typmod: -1,
  dimensions: 0,
  notNull: true,
  generated: false,
  identity: false,
  hasDefault: false,
  default: null,
  comment: null,
  published: true,
};
const table = {
  ...base,
  kind: 'table',
  command: 'ALTER TABLE',
  identity: 'd',
  comment: null,
  primaryKey: ['id'],
  identityIndex: null,
  columns: [column],
};

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const parse = (value: unknown): unknown => parseDdlMessage(bytes(value));

describe('a message of DDL', () => {
  test('is taken as it was written', () => {
    for (const message of [drop, { ...drop, kind: 'unpublish' }, table, { ...table, columns: null }])
      expect(parse(message)).toEqual(message);
  });

  test.each<[string, unknown]>([
    ['no object', 7],
    ['null', null],
    ['a list', []],
    ['another version', { ...drop, v: 2 }],
    ['no token', { ...drop, token: undefined }],
    ['an oid that is text', { ...drop, oid: 'x' }],
    ['an oid beyond all', { ...drop, oid: 2 ** 32 }],
    ['another kind', { ...drop, kind: 'truncate' }],
    ['a table without its facts', { ...drop, kind: 'table' }],
    ['a column that is null', { ...table, columns: [null] }],
    ['a column without a name', { ...table, columns: [{ ...column, name: undefined }] }],
    ['a type that is text', { ...table, columns: [{ ...column, typeOid: 'x' }] }],
    ['a flag that is text', { ...table, columns: [{ ...column, published: 'no' }] }],
    ['an unknown identity', { ...table, identity: '?' }],
    ['a key that is text', { ...table, primaryKey: 'id' }],
    ['a long command', { ...table, command: 'x'.repeat(9_000_000) }],
    ['a long statement', { ...table, statement: 'x'.repeat(40_000) }],
    ['a long name', { ...table, table: 'x'.repeat(1_000) }],
    ['a long default', { ...table, columns: [{ ...column, default: 'x'.repeat(5_000) }] }],
    ['many columns', { ...table, columns: new Array(5_000).fill(column) }],
  ])('with %s is none', (_, value) => {
    expect(parse(value)).toBeNull();
  });

  test('that is no JSON is none', () => {
    for (const text of ['{', '', '[['.repeat(500_000)]) expect(parseDdlMessage(Buffer.from(text))).toBeNull();
  });

  test('never throws, whatever it holds, and what is taken can be worked with', async () => {
    const mutated = fc
      .tuple(fc.constantFrom(...Object.keys(table)), fc.constantFrom(...Object.keys(column)), fc.jsonValue())
      .chain(([key, inner, value]) =>
        fc.constantFrom<unknown>(
          { ...table, [key]: value },
          { ...drop, [key]: value },
          { ...table, columns: [{ ...column, [inner]: value }] },
          { ...table, columns: [value] },
          value,
        ),
      );
    await checkProperty(
      fc.property(mutated, fc.uint8Array(), (value, raw) => {
        for (const content of [bytes(value), Buffer.from(raw)]) {
          const message = parseDdlMessage(content);
          subtransactionOf({ prefix: DDL_PREFIX, content } as never, new DdlTokens('secret', []));
          if (message?.kind !== 'table') continue;
          replicaIdentityOf(message.identity);
          for (const { name, typeOid, typmod } of message.columns ?? [])
            expect([typeof name, Number.isInteger(typeOid), Number.isInteger(typmod)]).toEqual([
              'string',
              true,
              true,
            ]);
        }
      }),
    );
  });
});

test('a subtransaction is believed to a message with a token of any trigger of the database only', () => {
  const of = (value: unknown, prefix = DDL_PREFIX, tokens = new DdlTokens('secret', ['theirs'])): number =>
    subtransactionOf({ prefix, content: bytes(value) } as never, tokens);
  expect(of(drop)).toBe(7);
  expect(of({ ...drop, token: 'theirs' })).toBe(7);
  expect(of({ ...drop, token: 'secreT' })).toBe(-1);
  expect(of({ ...drop, token: '' })).toBe(-1);
  expect(of({ ...drop, token: null })).toBe(-1);
  expect(of({ ...drop, xid: 'x' })).toBe(-1);
  expect(of(drop, 'audit')).toBe(-1);
  expect(of({ ...drop, token: null }, DDL_PREFIX, new DdlTokens(null, []))).toBe(-1);
});
