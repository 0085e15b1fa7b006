import { topicNames, type AvroField, type AvroObject } from '@hasivu/change-events';
import { SchemaRegistry } from '@hasivu/kafka';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { byPosition, SourceUnderTest } from './source-under-test.ts';

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('left_out');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

/** What the newest schema of the topic says that rows of before have, by column; null where it says nothing. */
async function initials(table: string): Promise<Record<string, unknown>> {
  const topic = topicNames(source.topics.prefix).change('public', table);
  const schema = await new SchemaRegistry(source.topics.registry).latest(`${topic}-value`);
  const before = (JSON.parse(schema ?? '{}') as AvroObject).fields?.find(({ name }) => name === 'before');
  const row = (before?.type as readonly AvroObject[])[1];
  return Object.fromEntries((row?.fields as AvroField[]).map((f) => [f.name, f.pgInitial ?? null]));
}

test.each([
  ['by a column list of the publication', 'default', 'trigger'],
  ['by a column list of the publication', 'default', 'off'],
  ['by the source itself', 'full', 'off'],
] as const)(
  'a column that was left out %s has no initial value when it comes: what was written to it is not known (%s, %s)',
  async (_, identity, ddl) => {
    const launch = (rules: string, env = {}) =>
      source.launch({
        tables: ['public.t'],
        postgres: `ddl: ${ddl}, schemaChanges: ${ddl === 'trigger'}${rules}`,
        env,
      });
    const isFull = identity === 'full';
    const excluded = ', columns: { public.t: { exclude: [secret] } }';
    await source.sql('CREATE TABLE t (id int PRIMARY KEY, v text)');
    await source.sql(`ALTER TABLE t REPLICA IDENTITY ${identity}`);
    await source.sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    await source.sql("ALTER TABLE t ADD secret text DEFAULT 'first'");
    const first = await (await launch(excluded)).waitReady();
    await source.sql('ALTER TABLE t ADD x int DEFAULT 5');
    await source.sql("UPDATE t SET x = 7, secret = 'second' WHERE id = 1");
    await source.sql("INSERT INTO t VALUES (3, 'c', 'third', 9)");
    await source.settled();
    // Under FULL there is no list, and the column came at once.
    expect(await initials('t')).toEqual({ id: null, v: null, ...(isFull ? { x: '5' } : {}) });
    await first.stop();

    // The publication has the columns from here on, and the registry does not know of it.
    const killed = await launch('', { HASIVU_FAILPOINT: 'progress-read', HASIVU_TEST_FAILPOINTS: '1' });
    expect((await killed.exited).signal).toBe('SIGKILL');
    const second = await (await launch('')).waitReady();
    await source.sql("UPDATE t SET v = 'after' WHERE id = 2");
    await source.settled();
    expect(await initials('t')).toEqual({ id: null, v: null, secret: null, x: isFull ? '5' : null });
    const warned = second.output.filter((line) => line.includes('hasivu snapshot start'));
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatch(isFull ? /secret/ : /secret.*x/);
    await second.stop();

    // Nothing is left out any more: what is added from here on, also while the source is down, is told.
    await source.sql('ALTER TABLE t ADD y int DEFAULT 3');
    await source.sql('UPDATE t SET y = 4 WHERE id = 1');
    const third = await (await launch('')).waitReady();
    await source.settled();
    expect(await initials('t')).toEqual({ id: null, v: null, secret: null, x: isFull ? '5' : null, y: '3' });
    expect(third.output.filter((line) => line.includes('hasivu snapshot start'))).toHaveLength(0);
    await third.stop();
  },
  240_000,
);

test('a column that a list went without while the source was down, and that comes with the next start, has none either', async () => {
  await source.sql('CREATE TABLE t (id int PRIMARY KEY, secret text)');
  const options = { tables: ['public.t'], postgres: 'columns: { public.t: { exclude: [secret] } }' };
  const first = await source.start(options);
  await source.sql('INSERT INTO t VALUES (1)');
  await source.settled();
  await first.stop();
  await source.sql('ALTER TABLE t ADD x int DEFAULT 5');
  await source.sql('UPDATE t SET x = 7');
  await source.sql('ALTER TABLE t ALTER x SET DEFAULT 6');
  await source.start(options);
  await source.sql("UPDATE t SET secret = 'more'");
  await source.settled();
  expect(await initials('t')).toEqual({ id: null, x: null });
  expect((await source.events('public.t')).sort(byPosition).map(({ op, after }) => [op, after])).toEqual([
    ['c', { id: 1 }],
    ['u', { id: 1 }],
    ['u', { id: 1, x: 7 }],
  ]);
}, 180_000);

test('what rows of before a column have is in no message of the triggers where a list leaves the column out', async () => {
  await source.sql('CREATE TABLE t (id int PRIMARY KEY, secret text)');
  await source.sql('CREATE TABLE u (id int PRIMARY KEY)');
  await source.sql('INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)');
  await source.start({
    tables: ['public.t', 'public.u'],
    postgres:
      'ddl: trigger, schemaChanges: true, ddlStatements: false, columns: { public.t: { exclude: [secret] } }',
  });
  const slot = `${source.slot}_seen`;
  await source.sql("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  await source.sql("ALTER TABLE t ADD later text DEFAULT 'for nobody'");
  await source.sql("ALTER TABLE u ADD later text DEFAULT 'for all'");
  const messages = await source.sql<{ data: Buffer }>(
    `SELECT data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL,
       'proto_version', '1', 'publication_names', 'cdc', 'messages', 'true')`,
    [slot],
  );
  await source.sql('SELECT pg_drop_replication_slot($1)', [slot]);
  const seen = messages.map(({ data }) => data.toString('latin1')).filter((text) => text.includes('"later"'));
  expect(seen).toHaveLength(2);
  expect(seen.map((text) => /for [a-z]+/.exec(text)?.[0])).toEqual([undefined, 'for all']);
}, 120_000);
