import type { SourceMoment, TableSchema } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { announcedShape, describeChanges, SchemaChanges, type AnnouncedShape } from './schema-changes.ts';

const moment: SourceMoment = {
  commitTsMs: 5,
  snapshot: 'false',
  txId: 7,
  lsnHi: 0,
  lsnLo: 90,
  commitLsnHi: 1,
  commitLsnLo: 8,
  seq: 2,
};

const tableOf = (...columns: [name: string, pgType: string][]): TableSchema => ({
  database: 'db',
  schema: 'public',
  table: 'orders',
  columns: columns.map(([name, pgType]) => ({ name, pgType, type: { kind: 'string' } })),
  key: ['id'],
});

function announceAll(last: ReadonlyMap<string, AnnouncedShape>, ...shapes: readonly TableSchema[]): Buffer[] {
  const records: Buffer[] = [];
  const changes = new SchemaChanges({
    sink: {
      append: (...[, , , , , value, start, end]) =>
        records.push(Buffer.from((value as Buffer).subarray(start, end))),
    },
    topic: 'p.schema-changes',
    sourceName: 'p',
    last,
  });
  for (const schema of shapes) changes.announce({ schema, announced: false }, moment);
  return records;
}

const first = tableOf(['id', 'integer'], ['v', 'text']);
const second = tableOf(['id', 'bigint'], ['w', 'text']);

test('a shape is announced when it differs from the one before, with what changed', () => {
  const records = announceAll(new Map(), first, first, second);
  expect(records.map((record) => JSON.parse(record.toString()) as unknown)).toMatchObject([
    { changes: [], tableChanges: [{ type: 'CREATE', id: '"public"."orders"' }] },
    {
      source: { commit_lsn: 4294967304, seq: 2, txId: 7 },
      changes: ['column "v" is gone', 'column "id" is bigint, was integer', 'column "w" is new: text'],
      tableChanges: [
        {
          type: 'ALTER',
          table: {
            primaryKeyColumnNames: ['id'],
            columns: [
              { name: 'id', typeExpression: 'bigint', position: 1 },
              { name: 'w', typeExpression: 'text', position: 2 },
            ],
          },
        },
      ],
    },
  ]);
});

test('what the topic has already is not announced again by the next life', () => {
  const [record] = announceAll(new Map(), first);
  const last = new Map([['public.orders', announcedShape(record as Buffer) as AnnouncedShape]]);
  expect(announceAll(last, first)).toEqual([]);
  expect(announceAll(last, second)).toHaveLength(1);
  expect(announcedShape(Buffer.from('{'))).toBeNull();
});

test('another order of columns and another key are changes', () => {
  const shape = (key: string[], ...names: string[]): AnnouncedShape => ({
    primaryKeyColumnNames: key,
    columns: names.map((name) => ({ name, typeExpression: 'text' })),
  });
  expect(describeChanges(shape(['a'], 'a', 'b'), shape(['b', 'a'], 'b', 'a'))).toEqual([
    'the columns have another order',
    'the key is ("b", "a")',
  ]);
});
