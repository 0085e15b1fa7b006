import type { SourceMoment, TableSchema } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { describeChanges, type AnnouncedShape } from './announced-shape.ts';
import { SchemaChanges, type TableStatement } from './schema-changes.ts';
import { announcedEntry, SchemaHistory } from './schema-history.ts';

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

const shapeIs = (...columns: [name: string, typeExpression: string][]): AnnouncedShape => ({
  primaryKeyColumnNames: ['id'],
  columns: columns.map(([name, typeExpression]) => ({ name, typeExpression })),
});

type Step = TableSchema | TableStatement;

/** The records of one life: shapes of events and statements in turn. */
function lifeOf(history: SchemaHistory, ...steps: readonly Step[]): { key: string; record: Buffer }[] {
  const records: { key: string; record: Buffer }[] = [];
  const changes = new SchemaChanges({
    sink: {
      append: (...[, , key, , , value, start, end]) =>
        records.push({ key: String(key), record: Buffer.from((value as Buffer).subarray(start, end)) }),
    },
    topic: 'p.schema-changes',
    sourceName: 'p',
    database: 'db',
    history,
  });
  steps.forEach((step, i) => {
    const at = { ...moment, seq: moment.seq + i };
    if ('type' in step) changes.statement(step, at);
    else changes.announce({ schema: step, oid: 16, announced: false }, at);
  });
  return records;
}

const parsed = (records: readonly { record: Buffer }[]): unknown[] =>
  records.map(({ record }) => JSON.parse(record.toString()) as unknown);

/** What the next life reads. */
function historyAfter(records: readonly { key: string; record: Buffer }[]): SchemaHistory {
  return new SchemaHistory(
    new Map(
      records.flatMap(({ key, record }) => {
        const entry = announcedEntry(record);
        return entry ? [[key, entry] as const] : [];
      }),
    ),
  );
}

const first = tableOf(['id', 'integer'], ['v', 'text']);
const second = tableOf(['id', 'bigint'], ['w', 'text']);

const statement = (
  type: TableStatement['type'],
  table: string,
  shape: AnnouncedShape | null,
  ddl: string | null = null,
): TableStatement => ({ type, command: `${type} TABLE`, ddl, oid: 16, schema: 'public', table, shape });

test('a shape is announced when it differs from the one before, with what changed', () => {
  expect(parsed(lifeOf(new SchemaHistory(), first, first, second))).toMatchObject([
    { changes: [], ddl: null, tableChanges: [{ type: 'CREATE', id: '"public"."orders"' }] },
    {
      source: { commit_lsn: 4294967304, seq: 4, txId: 7 },
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
  const records = lifeOf(new SchemaHistory(), first);
  expect(lifeOf(historyAfter(records), first)).toEqual([]);
  expect(lifeOf(historyAfter(records), second)).toHaveLength(1);
  expect(announcedEntry(Buffer.from('{'))).toBeNull();
});

test('a statement is written once: the event with its shape writes nothing, in this life and the next', () => {
  const added = statement('ALTER', 'orders', shapeIs(['id', 'bigint'], ['w', 'text']), 'ALTER TABLE …');
  const records = lifeOf(new SchemaHistory(), first, added, second);
  expect(parsed(records)).toMatchObject([
    { ddl: null, tableOid: 16 },
    {
      ddl: 'ALTER TABLE …',
      command: 'ALTER TABLE',
      changes: ['column "v" is gone', 'column "id" is bigint, was integer', 'column "w" is new: text'],
    },
  ]);
  expect(lifeOf(historyAfter(records), second)).toEqual([]);
});

test('a renamed table keeps its shape and leaves its old name free, a dropped one leaves nothing', () => {
  const shape = shapeIs(['id', 'integer'], ['v', 'text']);
  const renamed = statement('ALTER', 'sales', shape);
  const records = lifeOf(new SchemaHistory(), first, renamed);
  expect(parsed(records)[1]).toMatchObject({
    changes: ['the table was "public"."orders"'],
    tableChanges: [{ type: 'ALTER', id: '"public"."sales"', previousId: '"public"."orders"' }],
  });
  for (const history of [historyAfter(records), historyAfter(records.toReversed())]) {
    expect([history.nameOf(16), history.shapeOf('public.orders')]).toEqual(['public.sales', null]);
    const dropped = lifeOf(history, statement('DROP', 'sales', null));
    expect(parsed(dropped)[0]).toMatchObject({
      changes: ['the table is gone'],
      tableChanges: [{ type: 'DROP', table: null }],
    });
    expect([history.nameOf(16), history.shapeOf('public.sales')]).toEqual([null, null]);
    expect(historyAfter([...records, ...dropped]).nameOf(16)).toBeNull();
  }
});

test('another order of columns and another key are changes, and so is what a statement says beyond the shape', () => {
  const shape = (key: string[], ...names: string[]): AnnouncedShape => ({
    primaryKeyColumnNames: key,
    columns: names.map((name) => ({ name, typeExpression: 'text' })),
  });
  expect(describeChanges(shape(['a'], 'a', 'b'), shape(['b', 'a'], 'b', 'a'))).toEqual([
    'the columns have another order',
    'the key is ("b", "a")',
  ]);
  const facts = (optional: boolean, defaultValueExpression: string | null): AnnouncedShape => ({
    primaryKeyColumnNames: [],
    columns: [
      {
        name: 'a',
        typeExpression: 'text',
        optional,
        hasDefaultValue: defaultValueExpression !== null,
        defaultValueExpression,
      },
    ],
  });
  expect(describeChanges(facts(true, null), facts(false, "'x'"))).toEqual([
    'column "a" cannot be null',
    'column "a" has another default',
  ]);
  expect(describeChanges(facts(true, "'x'"), shape([], 'a'))).toEqual([]);
});
