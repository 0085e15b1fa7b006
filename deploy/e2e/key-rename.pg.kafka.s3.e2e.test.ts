import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { AvroCursor, keyLayoutOf, readValue } from '@hasivu/change-events';
import { KafkaCluster, readTopic, SchemaRegistry } from '@hasivu/kafka';
import { stack } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

const DEADLINE_MS = 240_000;
const CRASH = { HASIVU_TEST_FAILPOINTS: '1' };

interface KeyPlaces {
  /** Partitions by the key's values. */
  readonly partitions: ReadonlyMap<string, ReadonlySet<number>>;
  readonly schemas: ReadonlySet<number>;
}

/** Where the records of a topic are that have a key, tombstones too. */
async function keyPlaces(topic: string): Promise<KeyPlaces> {
  const { kafka, registry } = stack();
  const cluster = await KafkaCluster.connect({ brokers: kafka.brokers }, { clientId: 'e2e' });
  const known = new SchemaRegistry(registry.url);
  const partitions = new Map<string, Set<number>>();
  const schemas = new Set<number>();
  const cells = new AvroCursor();
  try {
    await readTopic(
      cluster,
      topic,
      async (cursor, partition) => {
        const key = cursor.copyKey();
        if (key === null) return;
        const id = key.readInt32BE(1);
        schemas.add(id);
        const { columns } = keyLayoutOf(await known.schemaOf(id));
        cells.reset(key, 5, key.length);
        const text = columns.map(({ type }) => String(readValue(cells, type))).join('/');
        partitions.set(text, (partitions.get(text) ?? new Set()).add(partition));
      },
      AbortSignal.timeout(60_000),
    );
  } finally {
    cluster.close();
  }
  return { partitions, schemas };
}

/** Rows that a command line prints as JSON. */
async function hasivu(...argv: readonly string[]): Promise<Record<string, unknown>[]> {
  const main = join(import.meta.dirname, '../../services/cli/src/main.ts');
  const { NODE_OPTIONS: _testRunner, JEST_WORKER_ID: _worker, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...argv], {
    env,
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout) as Record<string, unknown>[];
}

async function expectOnePartitionPerKey(topic: string, schemas: number): Promise<void> {
  const places = await keyPlaces(topic);
  expect(places.schemas.size).toBe(schemas);
  expect(places.partitions.size).toBeGreaterThan(500);
  expect([...places.partitions].filter(([, partitions]) => partitions.size > 1)).toEqual([]);
}

test.each(['trigger', 'off'])(
  'renamed key columns are followed by topics, the lake, its histories and curated tables, through kills, late changes and deletions (triggers: %s)',
  async (ddl) => {
    await using pipeline = await PipelineUnderTest.create({
      name: `key_rename_${ddl}`,
      tables: ['public.parts'],
      tableSettings: { 'public.parts': { history: [{ type: 2 }, { type: 1 }] } },
      pipelines: [{ name: 'all', from: ['public.parts'], to: 'parts' }],
      source: { ddl, schemaChanges: ddl === 'trigger' },
    });
    await pipeline.query('create table parts (id int, plant smallint, name text, primary key (plant, id))');
    await pipeline.query(`insert into parts select g, g % 3, 'n' || g from generate_series(1, 600) g`);
    await pipeline.startAll();
    const settled = async (...key: readonly string[]): Promise<void> => {
      await pipeline.silverEventuallyEquals('public.parts', key, DEADLINE_MS);
      for (const folder of ['history/public/parts_scd1', 'curated/all/parts'])
        await pipeline.lakeEventuallyEquals(folder, 'public.parts', key, DEADLINE_MS);
    };
    await settled('plant', 'id');

    // Changes of before and deletions under the new name, that the sink has before it all at once.
    await pipeline.kill('lake-sink');
    await pipeline.query(`update parts set name = 'late' where id % 10 in (1, 2, 3)`);
    await pipeline.query(`begin;
      update parts set name = 'before' where id % 10 = 1;
      alter table parts rename id to code;
      update parts set name = 'after' where code % 10 = 2;
      delete from parts where code % 10 = 3;
      commit`);
    await pipeline.query('delete from parts where code % 10 = 1');
    await pipeline.start('lake-sink');
    await settled('plant', 'code');

    // Two renames while the source is away, and a widened column; it dies between the registry and Kafka.
    await pipeline.kill('cdc-source');
    await pipeline.query(`update parts set name = 'unseen' where code % 10 = 4`);
    await pipeline.query('alter table parts rename code to number');
    await pipeline.query('delete from parts where number % 10 = 4');
    await pipeline.query('alter table parts rename number to nr');
    await pipeline.query('alter table parts alter plant type int');
    await pipeline.query("insert into parts values (7000, 7, 'new'), (14, 2, 'again')");
    const dying = await pipeline.start('cdc-source', { ...CRASH, HASIVU_FAILPOINT: 'schema-registered:5' });
    expect((await dying.exited).signal).toBe('SIGKILL');
    await pipeline.kill('lake-sink');
    await pipeline.start('cdc-source');
    await pipeline.start('lake-sink', { ...CRASH, HASIVU_FAILPOINT: 'columns-changed:2' });
    expect((await pipeline.service('lake-sink').exited).signal).toBe('SIGKILL');
    await pipeline.start('lake-sink');
    await settled('plant', 'nr');

    // The names change hands, and one goes back to what it was.
    await pipeline.query(`begin; delete from parts where nr % 10 = 5;
      alter table parts rename nr to third; alter table parts rename plant to nr; alter table parts rename third to plant;
      delete from parts where plant % 10 = 6; update parts set name = 'swapped' where plant % 10 = 7;
      commit`);
    await settled('nr', 'plant');
    await pipeline.query('alter table parts rename plant to id');
    await pipeline.query("update parts set name = 'back' where id % 10 = 8");
    await settled('nr', 'id');

    expect((await pipeline.readBronze('public.parts')).repeated_positions).toBe(0);
    const prefix = pipeline.slot;
    await expectOnePartitionPerKey(`${prefix}.public.parts`, 6);
    await expectOnePartitionPerKey(`${prefix}.curated.all.parts`, 6);
  },
  900_000,
);

test('rows that are deleted after their key was widened or renamed do not come back with late changes of before', async () => {
  await using pipeline = await PipelineUnderTest.create({
    name: 'key_late',
    tables: ['public.wide'],
    tableSettings: { 'public.wide': { changeDataFeed: true } },
  });
  // The sink merges a partition's changes before it reads those of the next.
  pipeline.reconfigure({ lake: { flush: { rows: 20 } } });
  await pipeline.query('create table wide (id smallint primary key, n int)');
  await pipeline.query('insert into wide select g, 0 from generate_series(1, 900) g');
  await pipeline.startAll();
  const settled = (key: string): Promise<void> =>
    pipeline.silverEventuallyEquals('public.wide', [key], DEADLINE_MS);
  await settled('id');
  for (const [change, key, rest] of [
    ['alter id type int', 'id', 0],
    ['rename id to code', 'code', 1],
    ['alter code type bigint', 'code', 2],
  ] as const) {
    await pipeline.kill('lake-sink');
    await pipeline.query('update wide set n = n + 1');
    await pipeline.query(`alter table wide ${change}`);
    await pipeline.query(`delete from wide where ${key} % 4 = ${rest}`);
    await pipeline.start('lake-sink');
    await settled(key);
  }
  const { schemas } = await keyPlaces(`${pipeline.slot}.public.wide`);
  expect(schemas.size).toBe(4);

  const sql = 'select count(*)::int as rows, min(code)::int as least, max(n) as n from silver.public.wide';
  expect(await hasivu('query', sql, '-f', pipeline.configPath, '--format', 'json')).toEqual([
    { rows: 225, least: 3, n: 3 },
  ]);
  const told = await hasivu(
    'lake',
    'changes',
    'silver.public.wide',
    '--from-version',
    '0',
    '-f',
    pipeline.configPath,
    '--json',
  );
  // Of all versions, by the name of today.
  const deleted = told.filter((row) => row['_change_type'] === 'delete').map((row) => Number(row['code']));
  expect(deleted.sort((a, b) => a - b)).toEqual(
    Array.from({ length: 900 }, (_, i) => i + 1).filter((id) => id % 4 < 3),
  );
}, 600_000);
