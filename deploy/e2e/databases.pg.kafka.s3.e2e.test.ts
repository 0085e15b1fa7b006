import { stack, testDatabase } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';
import { readTopic } from './read-topic.ts';

const KEY = ['id'];
const TABLE = 'public.items';

test('two databases with tables of the same names go through one process into tables of their own', async () => {
  await using second = await testDatabase('south');
  await using pipeline = await PipelineUnderTest.create({
    name: 'databases',
    tables: [TABLE],
    pipelines: [{ name: 'clean', from: [TABLE], source: 'south', to: 'items' }],
  });
  const unique = pipeline.lakePrefix;
  const north = { name: 'north', url: pipeline.database.url };
  const south = { name: 'south', url: second.url };
  const section = (database: typeof north): object => ({
    ...database,
    tables: [TABLE],
    publication: unique,
    slot: `${unique}_${database.name}`,
  });
  pipeline.reconfigure({ source: { postgres: [section(north), section(south)] } });
  for (const [database, count] of [
    [pipeline.database, 40],
    [second, 70],
  ] as const) {
    await database.query('CREATE TABLE items (id int PRIMARY KEY, note text)');
    await database.query(
      `INSERT INTO items SELECT i, '${database.name}' FROM generate_series(1, ${count}) i`,
    );
  }
  await pipeline.startAll();
  for (const one of [north, south]) await pipeline.silverEventuallyEquals(TABLE, KEY, undefined, one);

  await pipeline.kill('cdc-source');
  await pipeline.query("UPDATE items SET note = 'changed' WHERE id <= 10");
  await second.query('DELETE FROM items WHERE id <= 20');
  await second.query("INSERT INTO items SELECT i, 'more' FROM generate_series(71, 80) i");
  await pipeline.start('cdc-source');
  for (const one of [north, south]) await pipeline.silverEventuallyEquals(TABLE, KEY, undefined, one);
  expect(await pipeline.readBronze(TABLE, north)).toMatchObject({
    ops: { r: 40, u: 10 },
    repeated_positions: 0,
  });
  expect(await pipeline.readBronze(TABLE, south)).toMatchObject({
    ops: { r: 70, d: 20, c: 10 },
    repeated_positions: 0,
  });
  await pipeline.eventually(async () => {
    const curated = await readTopic(stack().kafka.brokers, `${unique}.curated.clean.items`);
    return curated.length === 100 ? null : `${curated.length} events of the pipeline over south`;
  });
}, 300_000);
