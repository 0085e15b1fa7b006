import { join } from 'node:path';

import { createS3Store } from '@hasivu/object-store';
import { sparkJars } from '@hasivu/peers';
import { python, stack } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { LakeCopy } from './lake-copy.ts';
import { PipelineUnderTest } from './pipeline-under-test.ts';

const ROWS = 2_000;
const KINDS = `create table kinds (id bigint primary key, small smallint, number numeric(20,4), real real, double double precision, yes boolean,
  words text, fixed char(5), bytes bytea, day date, clock time, stamp timestamp, instant timestamptz, doc jsonb, uid uuid, tags text[], marks int[])`;
const FILL = `insert into kinds select g, g % 1000, g * 1.2345, g / 7.0, g / 3.0, g % 2 = 0, 'word ' || g, 'f' || g % 9, decode(md5(g::text), 'hex'),
  date '2026-01-01' + g % 400, time '00:00' + g * interval '1 second', timestamp '2026-01-01' + g * interval '1 minute', timestamptz '2026-01-01 05:30+05:30' + g * interval '1 hour',
  jsonb_build_object('n', g), gen_random_uuid(), array['a' || g, null, ''], array[g, -g] from generate_series(1, $1::int) g`;

test('deltalake, DuckDB and Spark read the same rows from bronze and silver, and Postgres has them', async () => {
  const jars = await sparkJars(() => undefined);
  const store = createS3Store(stack().s3);
  await using pipeline = await PipelineUnderTest.create({ name: 'interop', tables: ['public.kinds'] });
  await pipeline.query(KINDS);
  await pipeline.query(FILL, [ROWS]);
  await pipeline.startAll();
  await pipeline.query('update kinds set number = number + 1, tags = null where id % 10 = 0');
  await pipeline.query('delete from kinds where id % 11 = 0');
  const [counted] = await pipeline.query<{ n: string }>('select count(id) as n from kinds');
  const rows = Number(counted?.n);
  for (const [table, complete] of [
    ['silver/public/kinds', (n: number) => n === rows],
    ['bronze/public/kinds', (n: number) => n === ROWS + ROWS / 10 + Math.floor(ROWS / 11)],
  ] as const) {
    using copy = new LakeCopy(store, `${pipeline.lakePrefix}/${table}`);
    const { dir } = copy;
    await pipeline.eventually(async () => {
      await copy.pull();
      const { rows: found } = JSON.parse(
        await python(join(import.meta.dirname, 'digest_table.py'), ['deltalake', dir]),
      ) as { rows: number };
      return complete(found) ? null : `${table} has ${found} rows`;
    });
    const digests = [];
    for (const engine of ['deltalake', 'duckdb', 'spark']) {
      digests.push(
        JSON.parse(
          await python(join(import.meta.dirname, 'digest_table.py'), [engine, dir, jars], {
            requirements: 'requirements-interop.txt',
          }),
        ),
      );
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  }
  store.close();
}, 1_200_000);
