import type { ColumnSchema } from '@hasivu/change-events';
import type { RelationColumn, ReplicaIdentity } from '@hasivu/pgoutput';
import { describe, expect, test } from '@jest/globals';

import { inKeyOrder, keyOfRelation, type KnownKey } from './relation-key.ts';

const NONE: KnownKey = { names: [], origins: [] };
const known = (columns: Readonly<Record<string, string>>): KnownKey => ({
  names: Object.keys(columns),
  origins: Object.values(columns),
});

describe('columns of a key', () => {
  const names = (
    identity: ReplicaIdentity,
    flagged: readonly string[],
    origins: Readonly<Record<string, string>>,
    today: KnownKey,
    newest = NONE,
  ): readonly string[] => {
    const columns = ['a', 'b', 'c'].map((name): RelationColumn => ({
      name,
      typeOid: 23,
      typmod: -1,
      inIdentity: flagged.includes(name),
    }));
    return keyOfRelation(columns, identity, new Map(Object.entries(origins)), { today, newest });
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
      expect(names(identity, [], ORIGINS, NONE, known({ a: '7.1' }))).toEqual([]);
      // Not published.
      expect(names(identity, [], ORIGINS, known({ a: '7.1', d: '7.4' }))).toEqual([]);
    }
  });

  test('are those of the schema before where nobody tells what they are, else those of today', () => {
    expect(names('full', [], {}, known({ x: '7.1' }), known({ a: '7.1' }))).toEqual(['a']);
    expect(names('full', [], {}, known({ b: '7.2' }), known({ x: '7.1' }))).toEqual(['b']);
    expect(names('full', [], {}, known({ b: '7.2' }))).toEqual(['b']);
    expect(names('full', [], {}, known({ x: '7.1' }))).toEqual([]);
  });
});

describe('their order', () => {
  const ordered = (
    columns: Readonly<Record<string, string | undefined>>,
    today: KnownKey,
    newest = NONE,
  ): readonly string[] =>
    inKeyOrder(
      Object.keys(columns),
      Object.entries(columns).map(([name, origin]): ColumnSchema => ({
        name,
        type: { kind: 'int32' },
        pgType: 'integer',
        ...(origin === undefined ? {} : { origin }),
      })),
      { today, newest },
    );

  test('is that of the catalog’s key, whatever its columns are called there', () => {
    expect(ordered({ a: '7.1', b: '7.2' }, known({ b: '7.2', a: '7.1' }))).toEqual(['b', 'a']);
    expect(ordered({ a: '7.1', b: '7.2' }, known({ y: '7.2', x: '7.1' }))).toEqual(['b', 'a']);
    // Their names have changed hands.
    expect(ordered({ a: '7.1', b: '7.2' }, known({ a: '7.2', b: '7.1' }))).toEqual(['b', 'a']);
  });

  test('is that of the schema before where the catalog has another key, or the table no more', () => {
    expect(ordered({ a: '7.1', b: '7.2' }, NONE, known({ b: '7.2', a: '7.1' }))).toEqual(['b', 'a']);
    expect(ordered({ a: '7.1', b: '7.2' }, known({ c: '7.3' }), known({ y: '7.2', x: '7.1' }))).toEqual([
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
