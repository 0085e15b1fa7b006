import type { TableSchema } from '@hasivu/change-events';
import type { TableColumnsConfig } from '@hasivu/config';
import { isPlatformError } from '@hasivu/errors';
import { describe, expect, test } from '@jest/globals';

import { ColumnRules, type RuledShape } from './column-rules.ts';

const shape: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'students',
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'email', type: { kind: 'string' }, pgType: 'text' },
    { name: 'born', type: { kind: 'date' }, pgType: 'date' },
    { name: 'notes', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
};

const apply = (config: TableColumnsConfig, of = shape, alsoKnown: string[] = []): RuledShape =>
  new ColumnRules('public.students', config).apply(of, alsoKnown);

function refusal(config: TableColumnsConfig, of = shape): string {
  try {
    apply(config, of);
    return 'accepted';
  } catch (error) {
    return isPlatformError(error) && error.code === 'SOURCE_TABLE_RULE' ? error.message : String(error);
  }
}

const names = ({ schema }: RuledShape): string[] => schema.columns.map((column) => column.name);
const hash = (...columns: string[]): TableColumnsConfig => ({ hash: { salt: 's', columns } });

describe('rules for columns', () => {
  test('leave out what is excluded or not included, never the key', () => {
    const ruled = apply({ exclude: ['notes', 'born'] });
    expect(names(ruled)).toEqual(['id', 'email']);
    expect([...(ruled.slots ?? [])]).toEqual([0, 1, -1, -1]);
    expect(names(apply({ include: ['notes'] }))).toEqual(['id', 'notes']);
    expect(apply({ mask: { born: 'x' } }).slots).toBeNull();
  });

  test('turn what is treated into text, keys too', () => {
    const { schema, transforms } = apply({ ...hash('id'), mask: { born: '?' } });
    expect(schema.columns.map(({ type }) => type.kind)).toEqual(['string', 'string', 'string', 'string']);
    expect(transforms.map((one) => one?.kind)).toEqual(['hash', undefined, 'mask', undefined]);
    expect(schema.key).toEqual(['id']);
  });

  test('know a column by every name it had', () => {
    const renamed = {
      ...shape,
      columns: shape.columns.map((c) => (c.name === 'email' ? { ...c, name: 'mail' } : c)),
    };
    expect(apply(hash('mail|email')).transforms[1]?.kind).toBe('hash');
    expect(apply(hash('mail|email'), renamed).transforms[1]?.kind).toBe('hash');
    expect(refusal(hash('email'), renamed)).toContain('no column is named email');
    expect(refusal({ exclude: ['email'] }, renamed)).toContain('no column is named email');
  });

  test('accept that the server left a column out already', () => {
    const without = { ...shape, columns: shape.columns.slice(0, 3) };
    expect(names(apply({ exclude: ['notes'] }, without, ['id', 'email', 'born', 'notes']))).toEqual([
      'id',
      'email',
      'born',
    ]);
  });

  test.each<[string, TableColumnsConfig]>([
    ['mask would make different rows one', { mask: { id: 'x' } }],
    ['truncate is for text', { truncate: { born: 2 } }],
    ['hash is for text', hash('born')],
    ['part of the key and cannot be left out', { exclude: ['id'] }],
  ])('refuse what does not fit: %s', (why, config) => {
    expect(refusal(config)).toContain(why);
  });
});
