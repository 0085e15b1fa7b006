import { randomUUID } from 'node:crypto';

import { DeltaTable } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { stack } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

const FIRST = ['id', 'a', 'b', 'n'];

async function names(root: string, moment?: { readonly version: number }): Promise<string[]> {
  const store = createS3Store(stack().s3);
  const around = { store, nowMs: Date.now, newId: randomUUID };
  try {
    const table =
      moment === undefined
        ? await DeltaTable.open(root, around)
        : await DeltaTable.openAt(root, moment, around);
    const fields = table?.state.schema.fields ?? [];
    return fields.map(({ name }) => name).filter((name) => !name.startsWith('_'));
  } finally {
    store.close();
  }
}

async function people(ddl: 'trigger' | 'off'): Promise<PipelineUnderTest> {
  const pipeline = await PipelineUnderTest.create({
    name: `columns_${ddl}`,
    tables: ['public.people'],
    tableSettings: { 'public.people': { onDrop: 'drop' } },
    source: { ddl, schemaChanges: ddl === 'trigger' },
  });
  await pipeline.query('create table people (id int primary key, a text, b text, n int)');
  await pipeline.query(`insert into people select g, 'a' || g, 'b' || g, g from generate_series(1, 2000) g`);
  await pipeline.startAll();
  return pipeline;
}

const DEADLINE_MS = 240_000;

test('several changes of columns in one transaction with rows between, and more while the sink is dead, reach the lake', async () => {
  await using pipeline = await people('trigger');
  const root = `${pipeline.lakePrefix}/silver/public/people`;
  const bronze = `${pipeline.lakePrefix}/bronze/public/people`;
  await pipeline.silverEventuallyEquals('public.people', ['id'], DEADLINE_MS);
  expect(await names(root)).toEqual(FIRST);
  // A rename, a swap by a third name, another column and another type.
  await pipeline.query(`begin;
    update people set a = 'before' where id % 10 = 1;
    alter table people rename n to amount;
    update people set amount = -amount where id % 10 = 2;
    alter table people rename a to swap; alter table people rename b to a; alter table people rename swap to b;
    alter table people alter amount type bigint, add c text;
    update people set a = 'after', c = 'new' where id % 10 = 3;
    commit`);
  await pipeline.silverEventuallyEquals('public.people', ['id'], DEADLINE_MS);
  expect(await names(root)).toEqual(['id', 'b', 'a', 'amount', 'c']);
  await pipeline.kill('lake-sink');
  for (const statement of [
    'alter table people drop c',
    'alter table people add c text',
    "update people set c = 'again' where id % 10 = 4",
    'alter table people rename b to nick',
    "insert into people (id, a, nick) values (5000, 'last', 'l')",
    'delete from people where id % 10 = 5',
  ])
    await pipeline.query(statement);
  await pipeline.start('lake-sink');
  await pipeline.silverEventuallyEquals('public.people', ['id'], DEADLINE_MS);
  expect(await names(root)).toEqual(['id', 'nick', 'a', 'amount', 'c']);
  expect(await names(root, { version: 0 })).toEqual(FIRST);
  expect(await names(bronze)).toEqual(['id', 'nick', 'a', 'amount', 'c_was_5', 'c']);
  expect((await pipeline.readBronze('public.people')).repeated_positions).toBe(0);
}, 900_000);

test('without triggers the catalog tells what a column is, where nothing has changed since', async () => {
  await using pipeline = await people('off');
  const root = `${pipeline.lakePrefix}/silver/public/people`;
  const settled = (): Promise<void> => pipeline.silverEventuallyEquals('public.people', ['id'], DEADLINE_MS);
  await settled();
  await pipeline.query(`begin; alter table people rename a to z; alter table people drop b;
    update people set z = 'renamed' where id % 10 = 1; commit`);
  await settled();
  expect(await names(root)).toEqual(['id', 'z', 'n']);
  await pipeline.query('alter table people add b text');
  await pipeline.query("update people set b = 'new' where id % 10 = 2");
  await settled();
  expect(await names(root)).toEqual(['id', 'z', 'n', 'b']);
}, 900_000);
