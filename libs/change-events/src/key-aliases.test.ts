import { describe, expect, test } from '@jest/globals';
import avro from 'avsc';
import fc from 'fast-check';

import type { AvroField, AvroObject } from './avro-schema.ts';
import type { ColumnSchema } from './column-type.ts';
import { KeyAliases } from './key-aliases.ts';

const key = (columns: Readonly<Record<string, string>>): AvroObject => ({
  type: 'record',
  name: 'Key',
  fields: Object.entries(columns).map(([name, pgOrigin]): AvroField => ({ name, type: 'int', pgOrigin })),
});
const shown = ({ fields }: AvroObject): string =>
  (fields ?? []).map(({ name, aliases }) => [name, ...(aliases ?? [])].join('|')).join(' ');

/** Registers a key, which is accepted. */
function registered(aliases: KeyAliases, one: AvroObject): AvroObject {
  const schema = aliases.named('t', one);
  aliases.registered('t', schema);
  return schema;
}

function named(...keys: readonly AvroObject[]): string[] {
  const aliases = new KeyAliases();
  return keys.map((one) => shown(registered(aliases, one)));
}

test('a renamed key column has all the names it had, the last first', () => {
  expect(named(key({ id: '7.1' }), key({ code: '7.1' }), key({ number: '7.1' }))).toEqual([
    'id',
    'code|id',
    'number|code|id',
  ]);
});

test('a key of before that comes again, or is renamed back, has the schema that it had', () => {
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

test('a column that is renamed back beside one that is not has the name between', () => {
  const keys = [
    { plant: '7.1', id: '7.2' },
    { site: '7.1', code: '7.2' },
    { plant: '7.1', code: '7.2' },
  ].map(key);
  expect(named(...keys)).toEqual(['plant id', 'site|plant code|id', 'plant|site code|id']);
});

test('a column that was widened too has the names of before', () => {
  const wide = { ...key({}), fields: [{ name: 'id', type: 'long', pgOrigin: '7.1' }] };
  const after = { ...key({}), fields: [{ name: 'code', type: 'long', pgOrigin: '7.1' }] };
  expect(named(key({ id: '7.1' }), key({ code: '7.1' }), wide, after)).toEqual([
    'id',
    'code|id',
    'id|code',
    'code|id',
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

test('goes on from the schemas that were registered', () => {
  const aliases = new KeyAliases();
  const code = { name: 'code', type: 'int', pgOrigin: '7.1', aliases: ['id'] };
  aliases.begin(
    't',
    [key({ id: '7.1' }), { ...key({}), fields: [code] }].map((one) => JSON.stringify(one)),
  );
  expect(shown(registered(aliases, key({ number: '7.1' })))).toBe('number|code|id');
  expect(registered(aliases, key({ code: '7.1' })).fields).toEqual([code]);
  expect(shown(registered(aliases, key({ id: '7.1' })))).toBe('id');
});

test('a key that was not accepted leaves no names', () => {
  const aliases = new KeyAliases();
  registered(aliases, key({ id: '7.1' }));
  aliases.named('t', key({ code: '7.1' }));
  expect(shown(registered(aliases, key({ number: '7.1' })))).toBe('number|id');
});

test('a name that another column of the key has now is no alias', () => {
  expect(named(key({ a: '7.1', b: '7.2' }), key({ b: '7.1', a: '7.2' }))).toEqual(['a b', 'b a']);
  const steps = [
    { a: '7.1', b: '7.2' },
    { t: '7.1', b: '7.2' },
    { t: '7.1', a: '7.2' },
    { b: '7.1', a: '7.2' },
  ];
  expect(named(...steps.map(key))).toEqual(['a b', 't|a b', 't a|b', 'b|t a']);
});

test('a name that two columns of the key had is an alias of the one that had it last', () => {
  const steps = [
    { a: '7.1', b: '7.2' },
    { b: '7.1', a: '7.2' },
    { b: '7.1', c: '7.2' },
    { d: '7.1', c: '7.2' },
  ];
  expect(named(...steps.map(key))).toEqual(['a b', 'b a', 'b c|a', 'd|b c|a']);
});

test('another column has no alias, nor has one of which nothing is known', () => {
  expect(named(key({ id: '7.1' }), key({ code: '7.2' }))).toEqual(['id', 'code']);
  const unknown = { ...key({ code: '' }), fields: [{ name: 'code', type: 'int' }] };
  expect(named(key({ id: '7.1' }), unknown)).toEqual(['id', 'code']);
});

test('a column that comes after the one of its name was dropped has no alias', () => {
  expect(named(key({ id: '7.1' }), key({ code: '7.1' }), key({ code: '7.3' }))).toEqual([
    'id',
    'code|id',
    'code',
  ]);
});

describe('columns of a key that nobody tells of', () => {
  const column = (name: string): ColumnSchema => ({ name, type: { kind: 'int32' }, pgType: 'integer' });
  const after = (...keys: readonly Readonly<Record<string, string>>[]): KeyAliases => {
    const aliases = new KeyAliases();
    for (const one of keys) registered(aliases, key(one));
    return aliases;
  };
  const origins = (aliases: KeyAliases, names: readonly string[], there = ['7.1', '7.2']): unknown[] =>
    aliases
      .identified('t', { columns: [...names, 'other'].map(column), key: names }, (origin) =>
        there.includes(origin),
      )
      .map(({ origin }) => origin);

  test('are what their names were last, or were once', () => {
    const aliases = after({ plant: '7.1', id: '7.2' }, { plant: '7.1', code: '7.2' });
    expect(origins(aliases, ['plant', 'code'], [])).toEqual(['7.1', '7.2', undefined]);
    expect(origins(aliases, ['plant', 'id'], [])).toEqual(['7.1', '7.2', undefined]);
  });

  test('are the newest key’s, in the order of their numbers, where the table has all of those still', () => {
    const aliases = after({ plant: '7.1', id: '7.2' });
    expect(origins(aliases, ['plant', 'number'])).toEqual(['7.1', '7.2', undefined]);
    // Swapped: the column with the lower number comes first, whatever it is called.
    expect(origins(aliases, ['id', 'plant'])).toEqual(['7.1', '7.2', undefined]);
    expect(origins(aliases, ['id', 'code'])).toEqual(['7.1', '7.2', undefined]);
  });

  test('are not guessed where the table lost one of those, or the key has more', () => {
    const aliases = after({ plant: '7.1', id: '7.2' });
    const nothing = [undefined, undefined, undefined];
    expect(origins(aliases, ['plant', 'number'], ['7.1'])).toEqual(nothing);
    expect(origins(aliases, ['id', 'plant'], ['7.1'])).toEqual(nothing);
    expect(origins(aliases, ['plant', 'id', 'number'])).toEqual([...nothing, undefined]);
    expect(origins(new KeyAliases(), ['plant', 'id'])).toEqual(nothing);
  });

  const of = (
    before: Readonly<Record<string, string>>,
    relation: readonly string[],
    names: readonly string[],
  ): unknown[] =>
    after(before)
      .identified('t', { columns: relation.map(column), key: names }, () => true)
      .flatMap(({ name, origin }) => (names.includes(name) ? [origin] : []));

  test('are not the newest key’s where that would give one a lower number than as many as are before it have', () => {
    expect(of({ a: '7.1' }, ['a', 'b'], ['b'])).toEqual([undefined]);
    expect(of({ a: '7.1' }, ['x', 'b'], ['b'])).toEqual([undefined]);
    expect(of({ a: '7.1', b: '7.2' }, ['a', 'b', 'c'], ['b', 'c'])).toEqual([undefined, undefined]);
    expect(of({ a: '7.1', c: '7.3' }, ['a', 'b', 'c'], ['b', 'c'])).toEqual([undefined, undefined]);
    // The name of the key of before, at a place where that column cannot be.
    expect(of({ a: '7.1' }, ['b', 'a'], ['a'])).toEqual([undefined]);
    expect(of({ a: '7.2' }, ['x', 'b'], ['b'])).toEqual(['7.2']);
    expect(of({ a: '7.2' }, ['b'], ['b'])).toEqual(['7.2']);
  });

  test('are not the newest key’s where one of those may still be there as another column', () => {
    expect(of({ b: '7.2' }, ['a', 'b'], ['a'])).toEqual([undefined]);
    expect(of({ b: '7.2', c: '7.3' }, ['a', 'b', 'c'], ['a', 'b'])).toEqual([undefined, undefined]);
    // The column of that name comes too late to be the one of before: the names were exchanged.
    expect(of({ b: '7.1' }, ['a', 'b'], ['a'])).toEqual(['7.1']);
  });

  test('are not asked about where the log tells of all of them', () => {
    const told = [{ ...column('number'), origin: '7.9' }];
    const columns = after({ id: '7.1' }).identified('t', { columns: told, key: ['number'] }, () => true);
    expect(columns).toBe(told);
  });
});

test('each key can be read as the next one by whoever resolves schemas, with the values of the same columns', () => {
  const renames = fc.array(fc.tuple(fc.nat(2), fc.constantFrom('a', 'b', 'c', 'd', 'e')), { maxLength: 12 });
  fc.assert(
    fc.property(renames, (steps) => {
      const aliases = new KeyAliases();
      const names = ['a', 'b', 'c'];
      const had = new Set<string>();
      let before = avro.Type.forSchema(registered(aliases, shape(names)) as avro.Schema);
      for (const [column, name] of steps) {
        if (names.includes(name)) continue;
        had.add(names.join());
        names[column] = name;
        // A key that the topic had is not registered anew.
        if (had.has(names.join())) return;
        const schema = registered(aliases, shape(names));
        const now = avro.Type.forSchema(schema as avro.Schema);
        const row = Object.fromEntries(
          (before as avro.types.RecordType).fields.map(({ name: own }, i) => [own, i]),
        );
        const read = now.fromBuffer(before.toBuffer(row), now.createResolver(before)) as Record<
          string,
          number
        >;
        expect(names.map((own) => read[own])).toEqual([0, 1, 2]);
        const all = (schema.fields ?? []).flatMap((field) => [field.name, ...(field.aliases ?? [])]);
        expect(new Set(all).size).toBe(all.length);
        before = now;
      }
    }),
    { numRuns: 300 },
  );
});

function shape(names: readonly string[]): AvroObject {
  return key(Object.fromEntries(names.map((name, i) => [name, `7.${i}`])));
}
