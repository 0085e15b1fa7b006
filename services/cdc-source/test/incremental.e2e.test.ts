import { waitFor } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import pg from 'pg';

import { byPosition, SourceUnderTest } from './source-under-test.ts';
import { assertSameState, outcomesOf, signal, snapshotOf, snapshotRequests } from './snapshot-signals.ts';

async function writer(source: SourceUnderTest): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: source.database.url });
  await client.connect();
  return client;
}

test('a table is read again on a message, in chunks, while it is written to: the state is that of Postgres', async () => {
  await using source = await SourceUnderTest.create('incremental');
  await source.sql('CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL, body text)');
  await source.sql('INSERT INTO orders SELECT i, 0, md5(i::text) FROM generate_series(1, 30000) i');
  await source.start({ tables: ['public.orders'], postgres: 'snapshot: never' });
  let writing = true;
  const write = async (): Promise<void> => {
    for (let i = 1; writing; i++) {
      await source.sql('UPDATE orders SET n = n + 1 WHERE id % 97 = $1', [i % 97]);
      await source.sql('DELETE FROM orders WHERE id = $1', [i * 7]);
      await source.sql('UPDATE orders SET id = id + 100000 WHERE id = $1', [i * 11]);
      await source.sql('INSERT INTO orders VALUES ($1, 0, $2)', [200_000 + i, 'new']);
    }
  };
  const writer = write();
  const id = await snapshotOf(source, 'public.orders');
  const [outcome] = await outcomesOf(source, id);
  writing = false;
  await writer;
  await source.settled();
  expect(outcome).toMatchObject({ table: 'public.orders', result: 'done' });
  const events = await assertSameState(source, 'public.orders');
  expect(events.some((event) => event.op === 'r' && event.snapshot === 'incremental')).toBe(true);
}, 120_000);

test('the signal table of Debezium works: made here, published, never an event; conditions, several tables, pause and stop', async () => {
  await using source = await SourceUnderTest.create('signals');
  await source.sql(`
    CREATE TABLE items (id int PRIMARY KEY, n int);
    INSERT INTO items SELECT i, i FROM generate_series(1, 5000) i;
    CREATE TABLE pairs (a text, b int, note text, PRIMARY KEY (a, b));
    INSERT INTO pairs SELECT chr(97 + i % 7) || '''\\', i, 'x' FROM generate_series(1, 3000) i;
    CREATE TABLE parted (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
    CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (1000) TO (100000);
    INSERT INTO parted SELECT i, i FROM generate_series(1, 2500) i`);
  await source.start({
    tables: ['public.items', 'public.pairs', 'public.parted'],
    postgres: 'snapshot: never, signalTable: public.signals',
  });
  const insert = (id: string, type: string, data: object | null): Promise<unknown> =>
    source.sql('INSERT INTO signals VALUES ($1, $2, $3)', [id, type, data && JSON.stringify(data)]);
  await insert('pause', 'pause-snapshot', { type: 'incremental' });
  await insert('all', 'execute-snapshot', {
    'data-collections': ['public.items', 'public.pairs', 'public\\.parted'],
    type: 'INCREMENTAL',
    'additional-conditions': [{ 'data-collection': 'public.items', filter: "n % 10 = 3 AND 'it''s' <> ')'" }],
  });
  await insert('dropped', 'execute-snapshot', { 'data-collections': ['public.*'] });
  await source.settled();
  // What both ask for is read once.
  expect(await snapshotRequests(source)).toMatchObject({ paused: true, queue: { length: 5 } });
  expect(await source.events('public.items')).toEqual([]);
  await insert('stop', 'stop-snapshot', { 'data-collections': ['public.settled'], type: 'incremental' });
  await insert('resume', 'resume-snapshot', null);
  const done = await outcomesOf(source, 'all', 3);
  expect(done).toMatchObject([
    { table: 'public.items', result: 'done', rows: 500 },
    { table: 'public.pairs', result: 'done', rows: 3000 },
    { table: 'public.parted', result: 'done', rows: 2500 },
  ]);
  expect(await outcomesOf(source, 'dropped', 4)).toMatchObject([
    { table: 'public.settled', result: 'stopped' },
    { table: 'public.pairs', result: 'done', rows: 3000 },
    { table: 'public.parted', result: 'done', rows: 2500 },
    { table: 'public.items', result: 'done', rows: 5000 },
  ]);
  await source.settled();
  expect((await source.topicNames()).filter((topic) => topic.endsWith('signals'))).toEqual([]);
  await assertSameState(source, 'public.items');
  await assertSameState(source, 'public.parted');
}, 120_000);

test('a signal table that a pattern takes in is no topic; one that is named is', async () => {
  await using source = await SourceUnderTest.create('signaltopic');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  const postgres = 'signalTable: public.signals';
  const send = async (id: string): Promise<void> => {
    await source.sql('INSERT INTO signals VALUES ($1, $2, $3)', [id, 'log', '{"message": "hello"}']);
    await source.settled();
  };
  let service = await source.start({ tables: ['public.*'], postgres });
  await send('a');
  expect((await source.topicNames()).filter((topic) => topic.endsWith('.signals'))).toEqual([]);
  await service.stop();
  service = await source.start({ tables: ['public.*', 'public.signals'], postgres });
  await send('b');
  const events = (await source.events('public.signals')).sort(byPosition);
  expect(events.map(({ op, after }) => [op, after?.['id']])).toEqual([
    ['r', 'a'],
    ['c', 'b'],
  ]);
  expect(service.output.filter((line) => line.includes('"msg":"hello"')).length).toBe(1);
}, 120_000);

test('a signal that cannot be followed stops nothing: it is told in the progress, the metrics and the log', async () => {
  await using source = await SourceUnderTest.create('badsignals');
  await source.sql(`
    CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 1), (2, 0);
    CREATE TABLE loose (n int); INSERT INTO loose VALUES (1)`);
  const service = await source.start({
    tables: ['public.items', 'public.loose'],
    postgres: 'signalMessages: all',
  });
  const refused = async (type: string, data: object | null, reason: RegExp): Promise<void> => {
    const [outcome] = await outcomesOf(source, await signal(source, type, data));
    expect(outcome).toMatchObject({ result: 'refused', code: 'SOURCE_SIGNAL_INVALID' });
    expect(outcome?.reason).toMatch(reason);
  };
  await refused('execute-snapshot', { 'data-collections': ['public.nothing'] }, /no captured table/);
  await refused('execute-snapshot', { 'data-collections': ['public.loose'] }, /no key/);
  await refused('execute-snapshot', { 'data-collections': [] }, /not a list/);
  await refused(
    'execute-snapshot',
    { 'data-collections': ['public.items'], type: 'blocking' },
    /another type/,
  );
  await refused('truncate', null, /its type is "truncate"/);
  const condition = (filter: string): object => ({
    'data-collections': ['public.items'],
    'additional-conditions': [{ 'data-collection': 'public.items', filter }],
  });
  await refused('execute-snapshot', condition('true) OR (true'), /closes a bracket/);
  await refused('execute-snapshot', condition('true; DROP TABLE items'), /semicolon/);
  await refused('execute-snapshot', condition("n::text = 'a\\'"), /backslash/);
  await refused(
    'execute-snapshot',
    { 'data-collections': ['public.items'], 'additional-conditions': [null] },
    /no object/,
  );
  await source.sql("SELECT pg_logical_emit_message(false, 'hasivu.signal', 'not json')");
  const deep = `{"id": "deep", "type": "log", "data": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  await source.sql("SELECT pg_logical_emit_message(true, 'hasivu.signal', $1)", [deep]);
  await source.sql("SELECT pg_logical_emit_message(true, 'hasivu.signal', repeat('x', 20000000))");
  expect(await outcomesOf(source, 'deep')).toMatchObject([{ result: 'refused' }]);

  const failed = async (filter: string, reason: RegExp): Promise<void> => {
    const [outcome] = await outcomesOf(source, await snapshotOf(source, 'public.items', filter));
    expect(outcome).toMatchObject({ result: 'failed' });
    expect(outcome?.reason).toMatch(reason);
  };
  await failed('nosuch = 1', /nosuch/);
  await failed('1 / n = 1', /division by zero/);
  await failed("n = nextval('pg_catalog.pg_class_x')", /does not exist/);
  await failed('n FROM items', /syntax error/);
  await source.sql('CREATE SEQUENCE s');
  await failed("n = nextval('public.s')", /read-only/);

  const [fine] = await outcomesOf(source, await snapshotOf(source, 'public.items', 'n = 1'));
  expect(fine).toMatchObject({ result: 'done', rows: 1 });
  const metrics = await service.metrics();
  expect(metrics).toMatch(/hasivu_source_signals_total\{.*result="refused"[^}]*\} 12/);
  expect(metrics).toMatch(/hasivu_source_incremental_ended_total\{.*result="failed"[^}]*\} 5/);
  expect(service.output.join('\n')).toMatch(/SOURCE_SIGNAL_INVALID/);
}, 120_000);

test('a condition cannot change the settings that the next one is read under, and no session is left behind', async () => {
  await using source = await SourceUnderTest.create('settings');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 1), (2, 0)');
  await source.start({ tables: ['public.items'], postgres: 'signalMessages: all' });
  const sessions = async (): Promise<number> => {
    const mine =
      'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
    return (await source.sql(`${mine} AND query LIKE '%COMMIT%'`)).length;
  };
  const setting = (name: string, value: string): string =>
    `set_config('${name}', '${value}', false) IS NOT NULL`;
  await outcomesOf(
    source,
    await snapshotOf(source, 'public.items', setting('standard_conforming_strings', 'off')),
  );
  await outcomesOf(source, await snapshotOf(source, 'public.items', setting('search_path', 'nowhere')));
  const seen =
    "current_setting('standard_conforming_strings') = 'on' AND current_setting('search_path') <> 'nowhere' AND n = 1";
  const [last] = await outcomesOf(source, await snapshotOf(source, 'public.items', seen));
  expect(last).toMatchObject({ result: 'done', rows: 1 });
  await outcomesOf(source, await snapshotOf(source, 'public.items'));
  await waitFor('the session of the chunks to end', async () => (await sessions()) === 0);
}, 120_000);

test('a row that does not fit into a record ends the snapshot and not the stream; with oversize: omit it is written without its largest value', async () => {
  await using source = await SourceUnderTest.create('widerows');
  await source.sql(`
    CREATE TABLE items (id int PRIMARY KEY, body text);
    ALTER TABLE items ALTER body SET STORAGE EXTERNAL;
    INSERT INTO items SELECT i, CASE i WHEN 3 THEN repeat('x', 400000) ELSE 'y' END FROM generate_series(1, 5) i`);
  const options = { tables: ['public.items'], kafka: 'maxRecordBytes: 300000' };
  const service = await source.start({ ...options, postgres: 'snapshot: never' });
  const [failed] = await outcomesOf(source, await snapshotOf(source, 'public.items'));
  expect(failed).toMatchObject({ result: 'failed', code: 'SOURCE_ROW_TOO_LARGE' });
  await source.sql("INSERT INTO items VALUES (6, 'z')");
  await source.settled();
  await service.stop();
  await source.start({ ...options, postgres: 'snapshot: never, oversize: omit' });
  const [done] = await outcomesOf(source, await snapshotOf(source, 'public.items'));
  expect(done).toMatchObject({ result: 'done', rows: 6 });
  const wide = (await source.events('public.items')).filter(({ after }) => after?.['id'] === 3);
  expect(wide.map(({ op, unavailable }) => [op, unavailable])).toEqual([['r', ['body']]]);
}, 120_000);

test('a table that loses its key while it is asked for ends its snapshot, and not the source', async () => {
  await using source = await SourceUnderTest.create('keyless');
  await source.sql(
    'CREATE TABLE items (id int PRIMARY KEY); INSERT INTO items SELECT generate_series(1, 100)',
  );
  await source.start({ tables: ['public.items'], postgres: 'snapshot: never' });
  // The window is open, and waits for this one.
  const client = await writer(source);
  await client.query('BEGIN; INSERT INTO items VALUES (1000)');
  const id = await snapshotOf(source, 'public.items');
  await source.settled();
  await client.query('ALTER TABLE items DROP CONSTRAINT items_pkey; INSERT INTO items VALUES (1001); COMMIT');
  await client.end();
  expect(await outcomesOf(source, id)).toMatchObject([
    { result: 'failed', reason: expect.stringMatching(/no key/) },
  ]);
  await source.settled();
}, 120_000);

test('what an earlier life was asked for ends where the table is no longer captured', async () => {
  await using source = await SourceUnderTest.create('uncaptured');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE secrets (id int PRIMARY KEY)');
  await source.sql('INSERT INTO items VALUES (1); INSERT INTO secrets VALUES (1)');
  const service = await source.start({
    tables: ['public.items', 'public.secrets'],
    postgres: 'snapshot: never',
  });
  await signal(source, 'pause-snapshot');
  const ids = [await snapshotOf(source, 'public.secrets'), await snapshotOf(source, 'public.items')] as const;
  await source.settled();
  await service.stop();
  await source.start({ tables: ['public.items'], postgres: 'snapshot: never' });
  expect(await outcomesOf(source, ids[0])).toMatchObject([
    { result: 'failed', reason: 'it is no longer captured' },
  ]);
  await signal(source, 'resume-snapshot');
  expect(await outcomesOf(source, ids[1])).toMatchObject([{ result: 'done' }]);
}, 120_000);

test('tables whose keys are of any built-in type are read in the order of their keys, to the last row', async () => {
  await using source = await SourceUnderTest.create('keys');
  await source.sql("CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad')");
  await source.sql('CREATE DOMAIN code AS varchar(20)');
  const keys: Record<string, string> = {
    uuid: 'md5(i::text)::uuid',
    text: "CASE WHEN i % 2 = 0 THEN upper(md5(i::text)) ELSE 'é''\\' || md5(i::text) END",
    code: 'md5(i::text)::varchar(20)',
    'character(40)': 'md5(i::text)',
    numeric: 'i / 7.0 - 100',
    float8: "CASE i WHEN 1 THEN 'NaN'::float8 WHEN 2 THEN '-Infinity' ELSE i / 7.0 END",
    timestamptz: "'2020-01-01'::timestamptz + i * interval '1 hour 1 microsecond'",
    date: "'0001-01-01 BC'::date + i * 400",
    bytea: "decode(md5(i::text), 'hex')",
    boolean: 'i = 1',
    mood: "(ARRAY['sad', 'ok', 'glad'])[i]::mood",
    inet: "'10.0.0.0'::inet + i",
    'int[]': 'ARRAY[i % 10, i]',
    interval: "i * interval '7 hours'",
    int8: 'i::int8 * -1000000007',
  };
  const tables = Object.keys(keys).map((_, i) => `public.k${i}`);
  for (const [i, [type, value]] of Object.entries(keys).entries()) {
    const rows = type === 'boolean' ? 2 : type === 'mood' ? 3 : 2500;
    await source.sql(`CREATE TABLE k${i} (k ${type} PRIMARY KEY, id int);
      INSERT INTO k${i} SELECT ${value}, i FROM generate_series(1, ${rows}) i`);
  }
  await source.start({ tables, postgres: 'snapshot: never' });
  const id = await signal(source, 'execute-snapshot', { 'data-collections': tables });
  const outcomes = await outcomesOf(source, id, tables.length);
  await source.settled();
  for (const [i, type] of Object.keys(keys).entries()) {
    const rows = await source.sql<{ id: number }>(`SELECT id FROM k${i} ORDER BY id`);
    expect([type, outcomes[i]]).toMatchObject([type, { result: 'done', rows: rows.length }]);
    const ids = (await source.events(`public.k${i}`)).map((event) => Number(event.after?.['id']));
    expect([type, ids.sort((a, b) => a - b)]).toEqual([type, rows.map((row) => row.id)]);
  }
}, 180_000);
