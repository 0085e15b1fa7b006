import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

const DEADLINE_MS = 240_000;

test('an array’s elements get wider with their column, in rows of before and after; elements of another kind end the source with the reason', async () => {
  await using pipeline = await PipelineUnderTest.create({ name: 'arrays', tables: ['public.lists'] });
  await pipeline.query('create table lists (id int primary key, sizes int[], marks smallint[])');
  await pipeline.query(
    `insert into lists select g, case when g % 7 > 0 then array[g, null, -g] end, array[g]::smallint[] from generate_series(1, 1000) g`,
  );
  await pipeline.startAll();
  const settled = (): Promise<void> => pipeline.silverEventuallyEquals('public.lists', ['id'], DEADLINE_MS);
  await settled();
  await pipeline.query(`begin;
    update lists set sizes = array[1] where id % 10 = 1;
    alter table lists alter sizes type bigint[], alter marks type int[];
    update lists set sizes = array[9007199254740993, null], marks = array[70000] where id % 10 = 2;
    commit`);
  await pipeline.query(`insert into lists values (5000, '{}', null)`);
  await settled();
  await pipeline.query('alter table lists alter sizes type text[]');
  await pipeline.query(`update lists set sizes = array['a'] where id = 1`);
  const source = pipeline.service('cdc-source');
  expect((await source.exited).code).toBe(2);
  expect(source.output.join('\n')).toContain('SOURCE_SCHEMA_INCOMPATIBLE');
}, 900_000);
