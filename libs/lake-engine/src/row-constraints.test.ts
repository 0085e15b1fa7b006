import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { field, TableState, type Constraint, type DeltaStruct } from '@hasivu/delta';
import { Engine } from './engine.ts';
import { holdRows, rowConstraints } from './row-constraints.ts';

const schema: DeltaStruct = {
  type: 'struct',
  fields: [
    field('id', 'long'),
    field('name', 'string'),
    field('amount', 'decimal(10,2)'),
    field('day', 'date'),
  ],
};
const state = new TableState();
state.apply(0, [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  {
    metaData: {
      id: 'x',
      format: { provider: 'parquet', options: {} },
      schemaString: JSON.stringify(schema),
      partitionColumns: [],
      configuration: {},
    },
  },
]);
const table = { root: 'silver/public/t', schema, columns: state.columns };
const engine = new Engine({
  folder: join(tmpdir(), `row-constraints-${randomUUID()}`),
  memoryBytes: 128 << 20,
});
afterAll(() => engine.close());

/** Rows of (id, name, amount, day), as SQL. */
const held = (constraints: readonly Constraint[], rows: string): Promise<void> =>
  engine.exclusively('holding rows', async (session) => {
    const evaluable = await rowConstraints(session, table, constraints);
    await holdRows(
      session,
      table.root,
      evaluable,
      `(SELECT * FROM (${rows}) r(id, name, amount, day))`,
      'new',
    );
  });
const check = (expression: string): Constraint => ({ kind: 'check', name: 'c', expression });
const rows =
  "VALUES (1, 'secret a', 1.5, DATE '2026-01-01'), (2, NULL, -3, NULL), (3, 'b', 7, DATE '2026-02-01')";

describe('constraints of a table', () => {
  test.each([
    ['amount < 100', 0],
    ['amount > 0', 1],
    // Neither true nor false is not true.
    ["name <> 'x'", 1],
    ["name IS NULL OR length(name) <= 8 AND lower(name) LIKE '%a'", 1],
    ["day >= DATE '2026-01-15'", 2],
    ['id IN (1, 2) AND id + 1 BETWEEN 1 AND 3', 1],
    ["CASE WHEN id = 3 THEN name = 'b' ELSE true END", 0],
  ])('%s is broken by %i of three rows, and no value of theirs is told', async (expression, broken) => {
    if (broken === 0) return expect(await held([check(expression)], rows)).toBeUndefined();
    const failure: unknown = await held([check(expression)], rows).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'LAKE_CONSTRAINT_BROKEN',
      context: { constraint: 'c', rows: broken },
    });
    expect(String(failure)).toContain(`${broken} new row`);
    expect(String(failure)).not.toContain('secret');
  });

  test('NOT NULL and invariants are held too', async () => {
    const notNull: Constraint = { kind: 'not-null', name: 'day is not null', column: 'day' };
    await expect(held([notNull], rows)).rejects.toMatchObject({
      context: { constraint: 'day is not null', rows: 1 },
    });
    const invariant: Constraint = { kind: 'invariant', name: 'i', column: 'id', expression: 'id < 3' };
    await expect(held([check('id > 0'), invariant], rows)).rejects.toMatchObject({
      context: { constraint: 'i', rows: 1 },
    });
  });

  test.each([
    ["regexp_like(name, 'a')", ''],
    ['`id` > 0', ''],
    ['name = "b"', ''],
    ["date_trunc('month', day) = day", ''],
    ['id IN (SELECT 1)', ''],
    ['nothing > 1', ''],
    ['name > 5', ''],
    ['CAST(name AS INTEGER) > 5', 'cannot be evaluated'],
  ])('%s, which Spark may mean otherwise, is refused by name', async (expression, why) => {
    await expect(held([check(expression)], rows)).rejects.toMatchObject({
      code: 'LAKE_CONSTRAINT_UNENFORCED',
      message: expect.stringContaining(why) as unknown,
      context: { constraint: 'c' },
    });
  });

  test('of columns in columns are refused by name', async () => {
    const inside: Constraint = { kind: 'not-null', name: 'a.b is not null', column: 'a.b' };
    const generated: Constraint = { kind: 'generated', name: 'g', column: 'a.b', expression: 'id' };
    for (const one of [inside, generated])
      await expect(held([one], rows)).rejects.toMatchObject({ code: 'LAKE_CONSTRAINT_UNENFORCED' });
  });

  test('given values of a generated column are what it would be computed to, null for null', async () => {
    const generated = (expression: string): Constraint => ({
      kind: 'generated',
      name: 'generation of name',
      column: 'name',
      expression,
    });
    const same = "CASE id WHEN 1 THEN 'secret a' WHEN 3 THEN 'b' END";
    expect(await held([generated(same)], rows)).toBeUndefined();
    await expect(held([generated("CASE id WHEN 3 THEN 'b' END")], rows)).rejects.toMatchObject({
      code: 'LAKE_CONSTRAINT_BROKEN',
      context: { constraint: 'generation of name', rows: 1 },
    });
    await expect(held([generated('id + 1')], rows)).rejects.toMatchObject({
      code: 'LAKE_CONSTRAINT_UNENFORCED',
      message: expect.stringContaining('of the type long, and the column of string') as unknown,
    });
    const own = await held([generated("coalesce(name, 'x')")], rows).catch((error: unknown) => error);
    expect(String(own)).toContain('there is no column name');
  });
});
