import { SchemaRegistry } from '@hasivu/kafka';
import { topicNames } from '@hasivu/change-events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Partitioners } from 'kafkajs';

import { byPosition, SourceUnderTest, type SeenRecord } from './source-under-test.ts';

const PARTITIONS = 7;
const OPTIONS = { kafka: `topics: { partitions: ${PARTITIONS} }` };

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('keys');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

const topicOf = (table: string): string => topicNames(source.topics.prefix).change('public', table);

/** Partitions by key, as text; records of all schemas of the key, tombstones too. */
async function partitionsByKey(table: string): Promise<Map<string, Set<number>>> {
  const found = new Map<string, Set<number>>();
  for (const { key, partition } of await source.events(`public.${table}`)) {
    if (key === null) continue;
    const text = Object.values(key).map(String).join('/');
    found.set(text, (found.get(text) ?? new Set()).add(partition));
  }
  return found;
}

async function expectOnePartitionPerKey(table: string, keys: number): Promise<void> {
  const found = await partitionsByKey(table);
  expect(found.size).toBe(keys);
  expect([...found].filter(([, partitions]) => partitions.size !== 1)).toEqual([]);
  expect(new Set([...found.values()].flatMap((one) => [...one])).size).toBeGreaterThan(1);
}

/** As a client that nobody here wrote spreads the key's bytes. */
function defaultPartition({ key }: SeenRecord): number {
  const partition = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({
    partitionId,
    leader: 1,
  }));
  return partition({
    topic: 't',
    partitionMetadata: partitionMetadata as Parameters<typeof partition>[0]['partitionMetadata'],
    message: { key, value: null },
  });
}

const schemaIds = (records: readonly SeenRecord[]): number[] => [
  ...new Set(records.map(({ key }) => key?.readInt32BE(1) ?? -1)),
];

test('a key stays in its partition when its columns are widened, renamed and renamed back, through a kill and a new copy', async () => {
  const tables = ['public.parts'];
  await source.sql('CREATE TABLE parts (plant smallint, id varchar(8), n int, PRIMARY KEY (plant, id))');
  await source.sql("INSERT INTO parts SELECT g % 5, 'p' || g, 0 FROM generate_series(1, 60) g");
  await source.start({ ...OPTIONS, tables });
  await source.settled();
  const first = await source.records(topicOf('parts'));
  expect(first.map(({ partition }) => partition)).toEqual(first.map(defaultPartition));
  const steps = [
    'UPDATE parts SET n = 1',
    'ALTER TABLE parts ALTER plant TYPE int',
    "UPDATE parts SET n = 2 WHERE id LIKE '%2'",
    'ALTER TABLE parts ALTER plant TYPE bigint, ALTER id TYPE text',
    "DELETE FROM parts WHERE id LIKE '%3'",
    'ALTER TABLE parts RENAME plant TO site',
    'UPDATE parts SET n = 4',
    "DELETE FROM parts WHERE id LIKE '%5'",
    'ALTER TABLE parts RENAME id TO code',
    "INSERT INTO parts SELECT g % 5, 'p' || g, 5 FROM generate_series(61, 80) g",
  ];
  for (const step of steps) await source.sql(step);
  await source.settled();
  await source.kill();
  await source.sql('UPDATE parts SET n = 6');
  await source.sql('ALTER TABLE parts RENAME site TO plant');
  await source.sql("DELETE FROM parts WHERE code LIKE '%7'");
  await source.start({ ...OPTIONS, tables });
  await source.settled();
  await expectOnePartitionPerKey('parts', 80);
  await source.kill();
  // Another slot knows nothing of what was copied and streamed before.
  await source.sql('ALTER TABLE parts RENAME code TO number');
  await source.start({ ...OPTIONS, tables, slot: `${source.slot}_b` });
  await source.settled();
  await expectOnePartitionPerKey('parts', 80);
  const records = await source.records(topicOf('parts'));
  expect(schemaIds(records).length).toBeGreaterThanOrEqual(6);
  const [id] = schemaIds(first);
  const elsewhere = records.filter(
    (one) => one.key?.readInt32BE(1) !== id && one.partition !== defaultPartition(one),
  );
  expect(elsewhere.length).toBeGreaterThan(0);
}, 180_000);

test.each([
  ['trigger', 'default'],
  ['off', 'default'],
  ['trigger', 'full'],
])(
  'keys that are renamed twice and exchange their names while the source is down are known (triggers: %s, replica identity: %s)',
  async (ddl, identity) => {
    const options = {
      ...OPTIONS,
      tables: ['public.pairs'],
      postgres: `ddl: ${ddl}, schemaChanges: ${ddl === 'trigger'}`,
    };
    await source.sql('CREATE TABLE pairs (b int, n int, a int, PRIMARY KEY (a, b))');
    await source.sql(`ALTER TABLE pairs REPLICA IDENTITY ${identity}`);
    await source.sql('INSERT INTO pairs (a, b, n) SELECT g, -g, 0 FROM generate_series(1, 20) g');
    await source.start(options);
    await source.settled();
    await source.kill();
    for (const rename of ['a TO c', 'c TO d']) {
      await source.sql(`ALTER TABLE pairs RENAME ${rename}`);
      await source.sql('UPDATE pairs SET n = n + 1');
    }
    const swap = `BEGIN; ALTER TABLE pairs RENAME d TO t; ALTER TABLE pairs RENAME b TO d;
      ALTER TABLE pairs RENAME t TO b; UPDATE pairs SET n = n + 1; COMMIT`;
    for (let times = 0; times < 3; times++) await source.sql(swap);
    await source.start(options);
    await source.settled();
    await expectOnePartitionPerKey('pairs', 20);
    const events = (await source.events('public.pairs')).filter(({ op }) => op !== null).sort(byPosition);
    const shapes = events.map(({ key }) => Object.keys(key ?? {}).join());
    expect(shapes.filter((one, i) => one !== shapes[i - 1])).toEqual([
      'a,b',
      'c,b',
      'd,b',
      'b,d',
      'd,b',
      'b,d',
    ]);
    // What was a stays the first column of the key, whatever it is called.
    for (const { key } of events) expect(Math.sign(Number(Object.values(key ?? {})[0]))).toBe(1);
    const latest = await new SchemaRegistry(source.topics.registry).latest(`${topicOf('pairs')}-key`);
    const { fields } = JSON.parse(latest ?? '') as { fields: { name: string; pgOrigin: string }[] };
    expect(fields.map(({ pgOrigin }) => pgOrigin.split('.')[1])).toEqual(['3', '1']);
  },
  120_000,
);

test('a key made of another column ends the source with a code, and what came before is there', async () => {
  await source.sql('CREATE TABLE parts (id int PRIMARY KEY, code int NOT NULL)');
  const service = await source.start({ ...OPTIONS, tables: ['public.parts'] });
  await source.sql('INSERT INTO parts VALUES (1, 10)');
  await source.settled();
  await source.sql('ALTER TABLE parts DROP CONSTRAINT parts_pkey, ADD PRIMARY KEY (code)');
  await source.sql('INSERT INTO parts VALUES (2, 20)');
  expect((await service.exited).code).toBe(2);
  expect(service.output.join('\n')).toMatch(
    /error SOURCE_SCHEMA_INCOMPATIBLE while .*the key schema of public\.parts/,
  );
  expect((await source.events('public.parts')).map(({ op }) => op)).toEqual(['c']);
}, 120_000);

test('a key that was renamed twice where no message tells it ends the source with a code, and its remedy brings the rows', async () => {
  const options = { ...OPTIONS, tables: ['public.parts'], postgres: 'ddl: off, schemaChanges: false' };
  await source.sql('CREATE TABLE parts (id int PRIMARY KEY, n int)');
  await source.sql('ALTER TABLE parts REPLICA IDENTITY FULL');
  await source.sql('INSERT INTO parts SELECT g, 0 FROM generate_series(1, 20) g');
  await source.start(options);
  await source.settled();
  await source.kill();
  await source.sql('ALTER TABLE parts RENAME id TO code');
  await source.sql('UPDATE parts SET n = 1');
  await source.sql('ALTER TABLE parts RENAME code TO number');
  const service = await source.launch(options);
  expect((await service.exited).code).toBe(2);
  expect(service.output.join('\n')).toMatch(/error SOURCE_KEY_UNKNOWN .*public\.parts/);
  await source.start({ ...options, tables: [] });
  await source.settled();
  await source.kill();
  await source.start(options);
  await source.settled();
  const events = (await source.events('public.parts')).filter(({ op }) => op !== 't');
  expect(events.filter(({ key }) => key === null)).toEqual([]);
  const [latest] = events
    .filter(({ op }) => op !== null)
    .sort(byPosition)
    .slice(-1);
  expect(latest).toMatchObject({ op: 'r', after: { n: 1 } });
  await expectOnePartitionPerKey('parts', 20);
}, 120_000);

test.each([
  ['a', 'b'],
  ['b', 'a'],
])(
  'a key made of another column while the source is down and nobody tells is not taken for a renamed one (%s to %s)',
  async (from, to) => {
    const options = { ...OPTIONS, tables: ['public.parts'], postgres: 'ddl: off, schemaChanges: false' };
    await source.sql(`CREATE TABLE parts (a int NOT NULL, b int NOT NULL, PRIMARY KEY (${from}))`);
    await source.sql('INSERT INTO parts VALUES (1, 10)');
    await source.start(options);
    await source.settled();
    await source.kill();
    await source.sql(`ALTER TABLE parts DROP CONSTRAINT parts_pkey, ADD PRIMARY KEY (${to})`);
    await source.sql('INSERT INTO parts VALUES (2, 20)');
    await source.sql('ALTER TABLE parts ADD COLUMN c int');
    const service = await source.launch(options);
    expect((await service.exited).code).toBe(2);
    expect(service.output.join('\n')).toMatch(
      /error SOURCE_SCHEMA_INCOMPATIBLE while .*the key schema of public\.parts/,
    );
    const latest = await new SchemaRegistry(source.topics.registry).latest(`${topicOf('parts')}-key`);
    expect(
      (JSON.parse(latest ?? '') as { fields: { name: string }[] }).fields.map(({ name }) => name),
    ).toEqual([from]);
  },
  120_000,
);
