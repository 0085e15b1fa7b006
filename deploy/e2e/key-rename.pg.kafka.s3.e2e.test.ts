import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

const DEADLINE_MS = 240_000;

test('a renamed key column is followed by the topic’s key and by the lake, also when it is renamed back and the source dies between', async () => {
  await using pipeline = await PipelineUnderTest.create({
    name: 'key_rename',
    tables: ['public.parts'],
    tableSettings: { 'public.parts': { history: [{ type: 2 }] } },
    source: { ddl: 'trigger', schemaChanges: true },
  });
  await pipeline.query('create table parts (plant int, id int, name text, primary key (plant, id))');
  await pipeline.query(`insert into parts select g % 3, g, 'n' || g from generate_series(1, 500) g`);
  await pipeline.startAll();
  const settled = (key: string): Promise<void> =>
    pipeline.silverEventuallyEquals('public.parts', ['plant', key], DEADLINE_MS);
  await settled('id');
  await pipeline.query(`begin;
    update parts set name = 'before' where id % 10 = 1;
    alter table parts rename id to code;
    update parts set name = 'after' where code % 10 = 2;
    delete from parts where code % 10 = 3;
    commit`);
  await settled('code');
  await pipeline.kill('cdc-source');
  await pipeline.query("update parts set name = 'unseen' where code % 10 = 4");
  await pipeline.query('alter table parts rename code to number');
  await pipeline.query("insert into parts values (7, 7000, 'new')");
  await pipeline.start('cdc-source');
  await settled('number');
  await pipeline.query('alter table parts rename number to id');
  await pipeline.query("update parts set name = 'back' where id % 10 = 5");
  await pipeline.query('delete from parts where id % 10 = 6');
  await settled('id');
  expect((await pipeline.readBronze('public.parts')).repeated_positions).toBe(0);
}, 900_000);
