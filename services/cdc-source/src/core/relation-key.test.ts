import type { ColumnSchema, FormerKeyColumn } from '@hasivu/change-events';
import type { RelationColumn, ReplicaIdentity } from '@hasivu/pgoutput';
import { describe, expect, test } from '@jest/globals';

import { inKeyOrder, keyOfRelation, type KnownKey } from './relation-key.ts';

const NONE: KnownKey = { names: [], origins: [] };
const known = (columns: Readonly<Record<string, string>>): KnownKey => ({
  names: Object.keys(columns),
  origins: Object.values(columns),
});

/** As a schema has it; names as `code|id` where the column was called `id` before. */
const former = (columns: Readonly<Record<string, string>>): FormerKeyColumn[] =>
  Object.entries(columns).map(([names, origin]) => {
    const [name = '', ...before] = names.split('|');
    return { name, origin, former: before };
  });

describe('columns of a key', () => {
  const names = (
    identity: ReplicaIdentity,
    flagged: readonly string[],
    origins: Readonly<Record<string, string>>,
    today: KnownKey,
    ...before: readonly FormerKeyColumn[][]
  ): readonly string[] | null => {
    const columns = ['a', 'b', 'c'].map((name): RelationColumn => ({
      name,
      typeOid: 23,
      typmod: -1,
      inIdentity: flagged.includes(name),
    }));
    return keyOfRelation({ oid: 7, columns, identity }, new Map(Object.entries(origins)), { today, before });
  };
  const ORIGINS = { a: '7.1', b: '7.2', c: '7.3' };

  test('are those that the message flags, whatever the catalog has', () => {
    expect(names('default', ['a', 'b'], ORIGINS, known({ c: '7.3' }))).toEqual(['a', 'b']);
    expect(names('index', ['c'], {}, NONE)).toEqual(['c']);
    expect(names('default', [], {}, known({ c: '7.3' }))).toEqual([]);
  });

  test('are the primary key’s where the message flags all or none, whatever those are called today', () => {
    for (const identity of ['full', 'nothing'] as const) {
      expect(names(identity, [], ORIGINS, known({ x: '7.2', a: '7.1' }))).toEqual(['b', 'a']);
      expect(names(identity, [], ORIGINS, NONE, former({ a: '7.1' }))).toEqual([]);
      // Not published.
      expect(names(identity, [], ORIGINS, known({ a: '7.1', d: '7.4' }))).toEqual([]);
    }
  });

  test('are those of the schema before where nobody tells what they are, else those of today', () => {
    expect(names('full', [], {}, known({ x: '7.1' }), former({ a: '7.1' }))).toEqual(['a']);
    expect(names('full', [], {}, known({ b: '7.2' }), former({ x: '7.1' }))).toEqual(['b']);
    expect(names('full', [], {}, known({ b: '7.2' }))).toEqual(['b']);
    expect(names('full', [], {}, known({ x: '7.1' }))).toEqual([]);
  });

  test('are those of any schema of before, or of names that its columns had, where the log is read again from before a rename', () => {
    const today = known({ x: '7.1' });
    expect(names('full', [], {}, today, former({ 'x|a': '7.1' }), former({ a: '7.1' }))).toEqual(['a']);
    expect(names('full', [], {}, today, former({ 'x|a': '7.1' }))).toEqual(['a']);
    expect(names('full', [], {}, today, former({ 'x|a': '7.1', 'y|b': '7.2' }))).toEqual(['a', 'b']);
    // Renamed after it had been called `a`, which another column is called now.
    expect(names('full', [], {}, known({ c: '7.3' }), former({ x: '7.3' }), former({ a: '7.3' }))).toEqual([
      'c',
    ]);
    // The column `b` is the second, so it cannot be the first of before.
    expect(names('full', [], {}, today, former({ 'b|a': '7.1' }))).toEqual(['a']);
    // Of a table that was made anew in another order.
    expect(names('full', [], {}, today, former({ b: '5.1' }))).toEqual(['b']);
  });

  test('are told to be unknown where the table has a key and the topic had one, and neither is there', () => {
    expect(names('full', [], {}, known({ x: '7.1' }), former({ 'y|z': '7.1' }))).toBeNull();
    // The key was dropped.
    expect(names('full', [], {}, NONE, former({ y: '7.1' }))).toEqual([]);
  });
});

describe('their order', () => {
  const ordered = (
    columns: Readonly<Record<string, string | undefined>>,
    today: KnownKey,
    ...before: readonly FormerKeyColumn[][]
  ): readonly string[] =>
    inKeyOrder(
      Object.keys(columns),
      Object.entries(columns).map(([name, origin]): ColumnSchema => ({
        name,
        type: { kind: 'int32' },
        pgType: 'integer',
        ...(origin === undefined ? {} : { origin }),
      })),
      { today, before },
    );

  test('is that of the catalog’s key, whatever its columns are called there', () => {
    expect(ordered({ a: '7.1', b: '7.2' }, known({ b: '7.2', a: '7.1' }))).toEqual(['b', 'a']);
    expect(ordered({ a: '7.1', b: '7.2' }, known({ y: '7.2', x: '7.1' }))).toEqual(['b', 'a']);
    // Their names have changed hands.
    expect(ordered({ a: '7.1', b: '7.2' }, known({ a: '7.2', b: '7.1' }))).toEqual(['b', 'a']);
  });

  test('is that of the schema before where the catalog has another key, or the table no more', () => {
    expect(ordered({ a: '7.1', b: '7.2' }, NONE, former({ b: '7.2', a: '7.1' }))).toEqual(['b', 'a']);
    expect(ordered({ a: '7.1', b: '7.2' }, known({ c: '7.3' }), former({ y: '7.2', x: '7.1' }))).toEqual([
      'b',
      'a',
    ]);
    expect(ordered({ a: '7.1', b: '7.2' }, known({ c: '7.3' }))).toEqual(['a', 'b']);
  });

  test('is told by names where it is not known what the columns are', () => {
    expect(ordered({ a: undefined, b: undefined }, known({ b: '7.2', a: '7.1' }))).toEqual(['b', 'a']);
    expect(ordered({ a: undefined, b: undefined }, known({ c: '7.2', a: '7.1' }))).toEqual(['a', 'b']);
  });
});
