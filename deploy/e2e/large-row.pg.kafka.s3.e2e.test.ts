import { test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

test('rows of 6 MB go through source and sink: silver equals Postgres', async () => {
  await using pipeline = await PipelineUnderTest.create({ name: 'wide', tables: ['public.papers'] });
  await pipeline.query('create table papers (id bigint primary key, body text, notes text)');
  const insert = (id: number): Promise<unknown> =>
    pipeline.query(
      'insert into papers select i, repeat(md5(i::text), 120000), repeat(md5(i::text), 70000) from (select $1::bigint) as one (i)',
      [id],
    );
  await insert(1);
  await pipeline.startAll();
  for (let id = 2; id < 6; id++) await insert(id);
  await pipeline.query("update papers set body = body || 'x' where id = 3");
  await pipeline.query('delete from papers where id = 4');
  await pipeline.silverEventuallyEquals('public.papers', ['id'], 100_000);
}, 180_000);
