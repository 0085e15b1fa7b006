import { describe, expect, test } from '@jest/globals';

import type { Schema } from './avro-records.ts';
import type { Change, Row } from './change-pairs.ts';
import { compareChange } from './compare-values.ts';
import { Findings } from './findings.ts';

const SCHEMA: Schema = {
  type: 'record',
  name: 'Envelope',
  fields: [
    { name: 'op', type: 'string' },
    {
      name: 'after',
      type: [
        'null',
        {
          type: 'record',
          name: 'Value',
          fields: [
            { name: 'id', type: 'long', pgType: 'bigint' },
            { name: 'note', type: ['null', 'string'], pgType: 'text' },
            { name: 'list', type: ['null', { type: 'array', items: ['null', 'int'] }], pgType: 'integer[]' },
          ],
        },
      ],
    },
  ],
};

const change = (after: Row, options: { op?: string; tombstone?: boolean; header?: string } = {}): Change => {
  const record = {
    partition: 0,
    offset: 0n,
    key: Buffer.from('key'),
    value: Buffer.alloc(0),
    timestampMs: 0,
    headers: (options.header === undefined ? {} : { h: options.header }) as Readonly<Record<string, string>>,
  };
  return {
    record,
    key: null,
    value: { schemaId: 1, schema: SCHEMA, value: { op: options.op ?? 'c', after, source: {} } },
    tombstone: options.tombstone ? { ...record, value: null } : null,
  };
};

const places = (debezium: Change, ours: Change): string[] => {
  const findings = new Findings();
  compareChange('public.t', { debezium, ours }, findings.report);
  return findings.unexplained.map((line) => line.slice(0, line.indexOf(':')));
};

const ROW = { id: 1n, note: 'a', list: [1, null] };

describe('what the comparison sees', () => {
  test('the same event has no difference', () => {
    expect(places(change(ROW), change({ ...ROW }))).toEqual([]);
  });
  test.each([
    ['a value', { ...ROW, note: 'b' }, 'public.t c after.note (text)'],
    ['a null', { ...ROW, note: null }, 'public.t c after.note (text)'],
    ['a long beyond doubles', { ...ROW, id: 2n ** 60n + 1n }, 'public.t c after.id (bigint)'],
    ['an element of an array', { ...ROW, list: [1, 2] }, 'public.t c after.list[] (integer[])'],
    ['the length of an array', { ...ROW, list: [1] }, 'public.t c after.list (integer[])'],
  ])('%s', (_, other, place) => {
    expect(places(change(ROW), change(other))).toEqual([place]);
    expect(places(change(other), change(ROW))).toEqual([place]);
  });
  test('another operation, a missing tombstone, another header', () => {
    expect(places(change(ROW), change(ROW, { op: 'u' }))).toEqual(['public.t c op']);
    expect(places(change(ROW, { tombstone: true }), change(ROW))).toEqual(['public.t c record.tombstone']);
    expect(places(change(ROW, { header: 'x' }), change(ROW, { header: 'y' }))).toEqual([
      'public.t c header.h',
    ]);
  });
});
