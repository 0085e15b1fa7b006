import type { AvroField, AvroObject } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { KeyAliases } from './key-aliases.ts';

const key = (columns: Readonly<Record<string, string>>): AvroObject => ({
  type: 'record',
  name: 'Key',
  fields: Object.entries(columns).map(([name, pgOrigin]): AvroField => ({ name, type: 'int', pgOrigin })),
});
const shown = ({ fields }: AvroObject): string =>
  (fields ?? []).map(({ name, aliases }) => [name, ...(aliases ?? [])].join('|')).join(' ');

function named(...keys: readonly AvroObject[]): string[] {
  const aliases = new KeyAliases();
  return keys.map((one) => shown(aliases.named('t', one)));
}

test('a renamed key column has all the names it had, the last first', () => {
  expect(named(key({ id: '7.1' }), key({ code: '7.1' }), key({ number: '7.1' }))).toEqual([
    'id',
    'code|id',
    'number|code|id',
  ]);
});

test('a key of before that comes again has the schema that it had, and takes nothing from the newest', () => {
  const [id, code, number] = [key({ id: '7.1' }), key({ code: '7.1' }), key({ number: '7.1' })];
  expect(named(id, code, number, code, id, number)).toEqual([
    'id',
    'code|id',
    'number|code|id',
    'code|id',
    'id',
    'number|code|id',
  ]);
});

test('a key of which it is not known what its columns are is the one of their names', () => {
  const unknown = { ...key({}), fields: [{ name: 'code', type: 'int' }] };
  expect(named(key({ id: '7.1' }), key({ code: '7.1' }), unknown, key({ number: '7.1' }))).toEqual([
    'id',
    'code|id',
    'code|id',
    'number|code|id',
  ]);
});

test('goes on from the schema that was registered last', () => {
  const aliases = new KeyAliases();
  aliases.begin('t', [{ name: 'code', type: 'int', pgOrigin: '7.1', aliases: ['id'] }]);
  expect(shown(aliases.named('t', key({ number: '7.1' })))).toBe('number|code|id');
});

test('a name that another column of the key has now is no alias', () => {
  expect(named(key({ a: '7.1', b: '7.2' }), key({ b: '7.1', a: '7.2' }))).toEqual(['a b', 'b a']);
});

test('another column has no alias, nor has one of which nothing is known', () => {
  expect(named(key({ id: '7.1' }), key({ code: '7.2' }))).toEqual(['id', 'code']);
  const unknown = { ...key({ code: '' }), fields: [{ name: 'code', type: 'int' }] };
  expect(named(key({ id: '7.1' }), unknown)).toEqual(['id', 'code']);
});

test('a key column of which nothing is known is what its name was last', () => {
  const aliases = new KeyAliases();
  aliases.named('t', key({ plant: '7.1', id: '7.2' }));
  aliases.named('t', key({ plant: '7.1', code: '7.2' }));
  const column = (name: string) => ({ name, type: { kind: 'int32' } as const, pgType: 'integer' });
  const origins = (...names: readonly string[]) =>
    aliases
      .identified('t', {
        database: 'd',
        schema: 's',
        table: 't',
        columns: [...names, 'other'].map(column),
        key: names,
      })
      .map(({ origin }) => origin);
  expect(origins('plant', 'code')).toEqual(['7.1', '7.2', undefined]);
  expect(origins('plant', 'id')).toEqual(['7.1', '7.2', undefined]);
  expect(origins('plant', 'number')).toEqual(['7.1', undefined, undefined]);
});
