import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';

import { byPosition, printed, SourceUnderTest, stateOf } from './source-under-test.ts';

const OPTIONS = { tables: ['public.accounts'], postgres: 'twoPhase: true' };

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('prepared');
  await source.sql('CREATE TABLE accounts (id int PRIMARY KEY, who text)');
});

afterEach(async () => {
  // A prepared transaction would keep the database from being dropped.
  for (const { gid } of await source.sql<{ gid: string }>(
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()',
  ))
    await source.sql(`ROLLBACK PREPARED '${gid}'`);
  await source[Symbol.asyncDispose]();
});

/** Prepares a transaction that inserts `count` rows; `gid` names it and its rows. */
async function prepare(gid: string, first: number, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: source.database.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO accounts SELECT i, '${gid}' FROM generate_series(${first}, ${first + count - 1}) i`,
    );
    await client.query(`PREPARE TRANSACTION '${source.slot}_${gid}'`);
  } finally {
    await client.end();
  }
}

const finish = (verb: 'COMMIT' | 'ROLLBACK', gid: string): Promise<unknown> =>
  source.sql(`${verb} PREPARED '${source.slot}_${gid}'`);

const seen = async (): Promise<string[]> => {
  const events = (await source.events('public.accounts')).filter((event) => event.op !== null);
  const names = events.sort(byPosition).map((event) => String(event.after?.['who']));
  return names.filter((name, i) => name !== names[i - 1]);
};

test('prepared transactions reach Kafka at COMMIT PREPARED, whole and once, whatever is killed between', async () => {
  await source.start(OPTIONS);
  await prepare('early', 1, 300);
  await source.sql("INSERT INTO accounts VALUES (1000, 'between')");
  await prepare('late', 2000, 10);
  await source.settled();
  expect(await seen()).toEqual(['between']);
  // What is behind the first PREPARE is in Kafka, yet not confirmed: the prepared changes are only in this process.
  await source.kill();
  await source.start(OPTIONS);
  await source.settled();
  expect(await seen()).toEqual(['between']);
  // The later one is committed while the earlier one still holds the restart back.
  await finish('COMMIT', 'late');
  await source.settled();
  expect(await seen()).toEqual(['between', 'late']);
  await source.kill();
  await prepare('undone', 3000, 10);
  await source.start(OPTIONS);
  await source.settled();
  await finish('ROLLBACK', 'undone');
  await source.settled();
  await source.kill();
  await finish('COMMIT', 'early');
  await source.start(OPTIONS);
  await source.settled();
  expect(await seen()).toEqual(['between', 'late', 'early']);
  const state = stateOf(await source.events('public.accounts'));
  const rows = await source.sql<{ id: number; who: string }>('SELECT id, who FROM accounts');
  expect(new Map([...state].map(([key, row]) => [key, row['who']]))).toEqual(
    new Map(rows.map(({ id, who }) => [printed({ id }), who])),
  );
}, 240_000);

test('a slot learns of two-phase commit later, and what was prepared before comes whole at its commit', async () => {
  await source.start({ tables: OPTIONS.tables });
  await prepare('before', 1, 20);
  await source.settled();
  await source.kill();
  await source.start(OPTIONS);
  await prepare('after', 100, 20);
  await finish('COMMIT', 'before');
  await finish('COMMIT', 'after');
  await source.settled();
  expect(await seen()).toEqual(['before', 'after']);
  // Without the option the slot still sends prepared transactions, and they are still understood.
  await source.kill();
  await source.start({ tables: OPTIONS.tables, postgres: 'streaming: false' });
  await prepare('without', 200, 20);
  await finish('COMMIT', 'without');
  await source.settled();
  expect(await seen()).toEqual(['before', 'after', 'without']);
}, 240_000);
