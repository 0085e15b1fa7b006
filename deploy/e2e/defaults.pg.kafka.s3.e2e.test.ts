import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

const DEADLINE_MS = 240_000;

/** One default of every type that rows of before can have. */
const COLUMNS = [
  'qty int not null default 5',
  `label text default 'it''s {"é"} \\ '`,
  'price numeric(12,3) default -1.500',
  'exact numeric default 12345678901234567890.5',
  "at timestamptz default '2020-02-29 12:34:56.789012+02'",
  "local timestamp default '2021-03-04 05:06:07'",
  "day date default '1999-12-31'",
  "tod time default '01:02:03.5'",
  'ok boolean not null default true',
  'big bigint default 9007199254740993',
  'small smallint default -7',
  'f double precision default 0.1',
  'r real default 0.3',
  `tags text[] default '{"a,b",NULL,"c\\"d"}'`,
  "sizes int[] default '{1,NULL,3}'",
  "raw bytea default '\\xdeadbeef'",
  "code uuid default 'b7e1c2d4-0000-4000-8000-123456789abc'",
  `doc jsonb default '{"k": [1, "v"]}'`,
  "size interval default '1 day 02:03:04'",
  'bare int',
];

async function items(ddl: 'trigger' | 'off'): Promise<PipelineUnderTest> {
  const pipeline = await PipelineUnderTest.create({
    name: `defaults_${ddl}`,
    tables: ['public.items'],
    source: { ddl, schemaChanges: ddl === 'trigger' },
  });
  await pipeline.query('create table items (id int primary key, name text)');
  await pipeline.query(`insert into items select g, 'n' || g from generate_series(1, 2000) g`);
  await pipeline.startAll();
  await pipeline.silverEventuallyEquals('public.items', ['id'], DEADLINE_MS);
  return pipeline;
}

test.each(['trigger', 'off'] as const)(
  'columns added with defaults have them in silver in rows that the source never wrote again (triggers: %s)',
  async (ddl) => {
    await using pipeline = await items(ddl);
    const settled = (): Promise<void> => pipeline.silverEventuallyEquals('public.items', ['id'], DEADLINE_MS);
    await pipeline.query(`begin;
      update items set name = 'before' where id % 10 = 1;
      alter table items ${COLUMNS.map((column) => `add ${column}`).join(', ')};
      update items set qty = 6, label = null, sizes = '{}' where id % 10 = 2;
      insert into items (id, name) values (5000, 'new');
      commit`);
    await settled();
    // The default of later rows is another matter, and so is its end.
    await pipeline.query('alter table items alter qty set default 7, alter label drop default');
    await pipeline.query("insert into items (id, name) values (5001, 'newer')");
    await settled();

    await pipeline.kill('lake-sink');
    await pipeline.query(`alter table items add one text not null default 'first', add two int default 22`);
    await pipeline.query('update items set two = null where id % 10 = 3');
    // Without triggers it is not known what a column is that has another name by the time its change is read.
    const name = ddl === 'trigger' ? 'second' : 'two';
    if (ddl === 'trigger') await pipeline.query('alter table items rename two to second');
    await pipeline.query('delete from items where id % 10 = 4');
    await pipeline.query(`update items set ${name} = 23 where id = 5001`);
    for (const failpoint of ['columns-rewritten:1', 'columns-changed:1']) {
      const killed = await pipeline.start('lake-sink', { HASIVU_FAILPOINT: failpoint });
      expect((await killed.exited).signal).toBe('SIGKILL');
    }
    await pipeline.start('lake-sink');
    await settled();
    expect((await pipeline.readBronze('public.items')).repeated_positions).toBe(0);
  },
  900_000,
);

test('a partitioned table has what its partitions say of rows that were there before a column', async () => {
  await using pipeline = await PipelineUnderTest.create({
    name: 'defaults_partitioned',
    tables: ['public.logs'],
    source: { ddl: 'trigger', schemaChanges: true },
  });
  await pipeline.query('create table logs (id int primary key, name text) partition by range (id)');
  for (const from of [0, 500])
    await pipeline.query(
      `create table logs_${from} partition of logs for values from (${from}) to (${from + 500})`,
    );
  await pipeline.query(`insert into logs select g, 'n' || g from generate_series(1, 999) g`);
  await pipeline.startAll();
  await pipeline.silverEventuallyEquals('public.logs', ['id'], DEADLINE_MS);
  await pipeline.query("alter table logs add level int not null default 3, add note text default 'none'");
  await pipeline.query("update logs set note = null, name = 'after' where id % 100 = 1");
  await pipeline.silverEventuallyEquals('public.logs', ['id'], DEADLINE_MS);
}, 900_000);

test('what rows have that were there before a column survives that the table is written anew before its next change', async () => {
  await using pipeline = await items('trigger');
  await pipeline.query("alter table items add kept text default 'as it was', add n int default 3");
  await pipeline.query('alter table items alter n type bigint');
  await pipeline.query('vacuum full items');
  const [left] = await pipeline.query<{ n: number }>(
    "select count(attmissingval)::int as n from pg_attribute where attrelid = 'items'::regclass",
  );
  expect(left?.n).toBe(0);
  await pipeline.query("update items set name = 'after' where id % 100 = 1");
  await pipeline.eventually(async () => {
    const { differing_rows_by_column: differing } = await pipeline.compareSilver('public.items', ['id']);
    return JSON.stringify(Object.keys(differing ?? { all: 1 })) === '[]' ? null : JSON.stringify(differing);
  }, DEADLINE_MS);
}, 900_000);

test('values of a default that is no constant are not in the stream: the source says so, and a snapshot brings them', async () => {
  await using pipeline = await items('trigger');
  await pipeline.query(
    'alter table items add token uuid not null default gen_random_uuid(), add n int default 4',
  );
  await pipeline.query("update items set name = 'after' where id = 1");
  await pipeline.eventually(async () => {
    const { differing_rows_by_column: differing } = await pipeline.compareSilver('public.items', ['id']);
    // All rows have the one; where the table is written anew, the server keeps the other with them too.
    return JSON.stringify(differing) === '{"token":1999,"n":1999}' ? null : JSON.stringify(differing);
  }, DEADLINE_MS);
  const warned = pipeline
    .service('cdc-source')
    .output.filter((line) => line.includes('hasivu snapshot start'));
  expect(warned).toHaveLength(1);
  expect(warned[0]).toMatch(/token.*n/);
  const signal = { id: 'a', type: 'execute-snapshot', data: { 'data-collections': ['public.items'] } };
  await pipeline.query('select pg_logical_emit_message(true, $1, $2)', [
    'hasivu.signal',
    JSON.stringify(signal),
  ]);
  await pipeline.silverEventuallyEquals('public.items', ['id'], DEADLINE_MS);
}, 900_000);
