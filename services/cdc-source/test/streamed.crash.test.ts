import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { serverVersion } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import pg from 'pg';

import { byPosition, printed, SourceUnderTest, stateOf, type SeenEvent } from './source-under-test.ts';

const KILLS = Number(process.env['HASIVU_TEST_KILLS'] ?? 2);
/** Rounds of work at most: enough to be at it when the last kill comes. */
const MAX_ROUNDS = 1 + KILLS * 3;
const TABLES = ['public.wide', 'public.narrow', 'public.evolving', 'public.emptied'];

/** Events in the order of their positions, without what differs from run to run. */
function history(events: readonly SeenEvent[]): string[] {
  return events
    .filter((event) => event.op !== null && event.snapshot === 'false')
    .sort(byPosition)
    .map(({ commitLsn, seq, op, key, before, after, unavailable }) =>
      printed([commitLsn, seq, op, key, before, after, unavailable]),
    );
}

async function createTables(source: SourceUnderTest): Promise<void> {
  await source.sql('CREATE TABLE wide (id int PRIMARY KEY, note text, big text)');
  await source.sql('ALTER TABLE wide ALTER big SET STORAGE EXTERNAL');
  await source.sql('CREATE TABLE narrow (at int, who text)');
  await source.sql('CREATE TABLE evolving (id int PRIMARY KEY, v text)');
  await source.sql('CREATE TABLE emptied (id int PRIMARY KEY, v text)');
}

/** Everything a transaction can do before it commits, in a session of its own; `n` keeps the sessions' keys apart. */
async function largeTransaction(
  source: SourceUnderTest,
  n: number,
  end: 'COMMIT' | 'ROLLBACK',
): Promise<void> {
  const client = new pg.Client({ connectionString: source.database.url });
  await client.connect();
  const run = async (sql: string): Promise<void> => void (await client.query(sql));
  const first = n * 10_000;
  const rows = (from: number, count: number): string =>
    `INSERT INTO wide SELECT i, 'n', repeat(md5(i::text), 70) FROM generate_series(${first + from}, ${first + from + count - 1}) i`;
  try {
    await run('BEGIN');
    await run(rows(0, 150));
    await run('SAVEPOINT a');
    await run(rows(150, 100));
    await run('SAVEPOINT b');
    await run(`UPDATE wide SET note = 'gone' WHERE id >= ${first} AND id < ${first + 600}`);
    await run('RELEASE b');
    await run('ROLLBACK TO a');
    await run(`UPDATE wide SET note = 'kept' WHERE id BETWEEN ${first} AND ${first + 99}`);
    await run(`UPDATE wide SET id = id + 5000 WHERE id BETWEEN ${first} AND ${first + 9}`);
    await run(`SELECT pg_logical_emit_message(true, 'inside', repeat('m', 3000))`);
    await run('SAVEPOINT c');
    await run(`INSERT INTO narrow SELECT i, 'c${n}' FROM generate_series(1, 200) i`);
    await run('RELEASE c');
    for (let i = 0; i < 9; i++) {
      await run('SAVEPOINT s');
      await run(`INSERT INTO narrow SELECT i, 's${n}' FROM generate_series(1, 40) i`);
      await run(i % 3 === 0 ? 'RELEASE s' : 'ROLLBACK TO s');
    }
    await run(`DELETE FROM wide WHERE id BETWEEN ${first + 100} AND ${first + 149}`);
    await run(end);
  } finally {
    await client.end();
  }
}

async function workload(source: SourceUnderTest, round: number): Promise<void> {
  const n = round * 10;
  await Promise.all([
    largeTransaction(source, n + 1, 'COMMIT'),
    largeTransaction(source, n + 2, 'ROLLBACK'),
    largeTransaction(source, n + 3, 'COMMIT'),
    source.sql(`INSERT INTO narrow SELECT i, 'small${n}' FROM generate_series(1, 5) i`),
    source.sql(`SELECT pg_logical_emit_message(false, 'outside', 'x')`),
  ]);
  // The shape changes in the middle, for good and for a while; the table is emptied in the middle.
  await source.sql(`
    DO $$ BEGIN
      INSERT INTO evolving SELECT i, 'before' FROM generate_series(${n * 1000}, ${n * 1000 + 299}) i;
      BEGIN
        ALTER TABLE evolving ADD COLUMN passing int DEFAULT 1;
        INSERT INTO evolving SELECT i, 'never' FROM generate_series(${n * 1000 + 300}, ${n * 1000 + 599}) i;
        RAISE EXCEPTION 'undone';
      EXCEPTION WHEN raise_exception THEN NULL;
      END;
      ALTER TABLE evolving ADD COLUMN added_${round} int DEFAULT ${round};
      INSERT INTO evolving SELECT i, 'after' FROM generate_series(${n * 1000 + 600}, ${n * 1000 + 899}) i;
      INSERT INTO emptied SELECT i, repeat('e', 100) FROM generate_series(1, 400) i;
      TRUNCATE emptied;
      INSERT INTO emptied SELECT i, repeat('f', 100) FROM generate_series(1, 200) i;
    END $$`);
  await source.sql(`UPDATE evolving SET v = 'later' WHERE id = ${n * 1000}`);
  await source.sql('DELETE FROM emptied');
}

/** Transactions that the server sent while they were in progress. */
async function streamedTransactions(source: SourceUnderTest): Promise<number> {
  const [row] = await source.sql<{ count: number }>(
    'SELECT stream_txns::int AS count FROM pg_stat_replication_slots WHERE slot_name = $1',
    [source.slot],
  );
  return row?.count ?? 0;
}

test('what is streamed in progress, and killed in between, is what is sent at the commit: position by position', async () => {
  await using plain = await SourceUnderTest.create('plain');
  await using streamed = await SourceUnderTest.create('streamed', plain);
  await createTables(plain);
  // Every change is streamed as soon as it is decoded, where the reader lets the server stream at all; a server that is
  // too old for that streams what is larger than the least memory that can be set.
  const eager =
    (await serverVersion(plain.database)) >= 16
      ? "debug_logical_replication_streaming = 'immediate'"
      : "logical_decoding_work_mem = '64kB'";
  await plain.sql(`ALTER DATABASE "${plain.database.name}" SET ${eager}`);
  await plain.start({ tables: TABLES, postgres: 'streaming: false' });
  await streamed.start({ tables: TABLES });
  for (let round = 0; round < 1; round++) await workload(plain, round);
  await streamed.settled();
  let working = true;
  const work = (async () => {
    for (let round = 1; working && round < MAX_ROUNDS; round++) await workload(plain, round);
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    await streamed.kill();
    await streamed.launch({ tables: TABLES });
    await sleep(800 + randomInt(2500));
  }
  working = false;
  await work;
  await streamed.ready();
  await streamed.settled();
  await plain.settled();
  expect(await streamedTransactions(plain)).toBe(0);
  expect(await streamedTransactions(streamed)).toBeGreaterThan(3);
  for (const table of TABLES) {
    const [expected, found] = [await plain.events(table), await streamed.events(table)];
    expect(history(found)).toEqual(history(expected));
    expect(history(found).length).toBeGreaterThan(100);
  }
  const rows = await plain.sql<{ id: number; note: string }>('SELECT id, note FROM wide');
  const state = stateOf(await streamed.events('public.wide'));
  expect(new Map([...state].map(([key, row]) => [key, row['note']]))).toEqual(
    new Map(rows.map(({ id, note }) => [printed({ id }), note])),
  );
}, 240_000);
