import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { DeltaTable } from '@hasivu/delta';
import { createS3Store, type ObjectStore } from '@hasivu/object-store';
import { sparkJars } from '@hasivu/peers';
import { python, stack } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { LakeCopy } from './lake-copy.ts';
import { PipelineUnderTest } from './pipeline-under-test.ts';

const ROWS = 20_000;
const TABLE = `create table items (id bigint primary key, small smallint, number numeric(20,4), words text, stamp timestamp,
  instant timestamptz, day date)`;
const FILL = `insert into items select g, g % 1000, g * 1.2345, 'word ' || md5(g::text), timestamp '2026-01-01' + g * interval '1 minute',
  timestamptz '2026-01-01 05:30+05:30' + g * interval '1 hour', date '2026-01-01' + g % 400 from generate_series(1, $1::int) g`;

let store: ObjectStore;
let jars: string;
beforeAll(async () => {
  store = createS3Store(stack().s3);
  jars = await sparkJars(() => undefined);
});
afterAll(() => {
  store.close();
});

async function digest(
  engine: 'deltalake' | 'duckdb' | 'spark',
  dir: string,
  ...change: string[]
): Promise<unknown> {
  const args = [engine, dir, jars, ...change];
  const requirements = 'requirements-interop.txt';
  return JSON.parse(
    await python(join(import.meta.dirname, 'digest_table.py'), args, { requirements }),
  ) as unknown;
}

async function vectorKinds(root: string): Promise<string[]> {
  const table = await DeltaTable.open(root, { store, nowMs: Date.now, newId: randomUUID });
  const kinds = [...(table?.state.files.values() ?? [])].map(
    ({ deletionVector }) => deletionVector?.storageType ?? '-',
  );
  return [...new Set(kinds)].sort();
}

test('our deletion vectors are read alike by deltalake, DuckDB and Spark; the sink goes on from those that Spark wrote', async () => {
  await using pipeline = await PipelineUnderTest.create({
    name: 'vectors',
    tables: ['public.items'],
    tableSettings: { 'public.items': { deletionVectors: true } },
  });
  pipeline.reconfigure({ lake: { deletionVectors: { minFileBytes: 0, maxDeletedShare: 0.9 } } });
  const root = `${pipeline.lakePrefix}/silver/public/items`;
  await pipeline.query(TABLE);
  await pipeline.query(FILL, [ROWS]);
  await pipeline.startAll();
  const equal = (): Promise<void> => pipeline.silverEventuallyEquals('public.items', ['id']);
  await equal();
  // Few rows, which stand in the log, then many, which need a file; then on top of both.
  await pipeline.query('update items set number = number + 1, day = null where id % 5000 = 7');
  await equal();
  expect(await vectorKinds(root)).toContain('i');
  await pipeline.query('update items set words = null where id % 10 = 0');
  await pipeline.query('delete from items where id % 11 = 0 or id between 3000 and 4000');
  await equal();
  expect(await vectorKinds(root)).toContain('u');
  await pipeline.service('lake-sink').stop();

  using copy = await LakeCopy.of(store, root);
  const { dir } = copy;
  const ours = await digest('deltalake', dir);
  expect(await digest('duckdb', dir)).toEqual(ours);
  // Spark marks further rows of the files that we marked.
  const theirs = await digest('spark', dir, 'DELETE FROM `t` WHERE id % 13 = 0');
  expect(theirs).not.toEqual(ours);
  expect(await digest('deltalake', dir)).toEqual(theirs);
  await copy.push();
  await pipeline.query('delete from items where id % 13 = 0');
  await pipeline.query('update items set small = 1 where id % 17 = 0');
  await pipeline.start('lake-sink');
  await equal();

  await copy.pull();
  const last = await digest('deltalake', dir);
  expect(await digest('duckdb', dir)).toEqual(last);
  expect(await digest('spark', dir)).toEqual(last);
}, 1_200_000);
