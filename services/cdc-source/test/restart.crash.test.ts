import { setTimeout as sleep } from 'node:timers/promises';

import { assertNoGaps } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { byPosition, printed, SourceUnderTest, stateOf } from './source-under-test.ts';

const SEED = Number(process.env['HASIVU_TEST_SEED'] ?? 20261122);
const KILLS = Number(process.env['HASIVU_TEST_KILLS'] ?? 6);

/** A small deterministic generator: a failing run is repeated with its seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test(`killed ${KILLS} times at random under load (seed ${SEED}), Kafka ends with every change once`, async () => {
  const random = randomOf(SEED);
  await using source = await SourceUnderTest.create('crash');
  await source.sql('CREATE TABLE accounts (id int PRIMARY KEY, balance numeric(12,2), note text)');
  await source.sql('CREATE TABLE log (at bigint, who text)');
  await source.sql("INSERT INTO accounts SELECT i, 100, repeat('n', 200) FROM generate_series(1, 30000) i");
  await source.sql("INSERT INTO log SELECT i, 'before' FROM generate_series(1, 20000) i");
  const options = { tables: ['public.accounts', 'public.log'] };
  let writing = true;
  let logged = 20_000;
  const write = async (): Promise<void> => {
    while (writing) {
      const id = 1 + Math.floor(random() * 30_000);
      await source.sql('UPDATE accounts SET balance = balance - 1 WHERE id BETWEEN $1 AND $1 + 50', [id]);
      await source.sql("INSERT INTO log SELECT i, 'during' FROM generate_series($1::int, $1::int + 199) i", [
        logged,
      ]);
      logged += 200;
      if (random() < 0.1) await source.sql('DELETE FROM accounts WHERE id = $1', [id]);
      if (random() < 0.1) await source.sql('UPDATE accounts SET id = id + 100000 WHERE id = $1', [id + 1]);
      if (random() < 0.05) await source.sql('UPDATE accounts SET balance = balance + 1 WHERE id % 3 = 0');
    }
  };
  const writer = write();
  for (let kill = 0; kill < KILLS; kill++) {
    const service = await source.launch(options);
    // The first kills hit the start and the copies, later ones the stream.
    await sleep(500 + random() * (kill < 2 ? 1500 : 3500));
    await service.kill();
  }
  await source.start(options);
  writing = false;
  await writer;
  await source.settled();

  const accounts = await source.events('public.accounts');
  const rows = await source.sql<{ id: number; balance: string }>(
    'SELECT id, (balance * 100)::bigint::text AS balance FROM accounts',
  );
  const found = new Map([...stateOf(accounts)].map(([key, row]) => [key, String(row['balance'])]));
  expect(found.size).toBe(rows.length);
  for (const row of rows) expect([row.id, found.get(printed({ id: row.id }))]).toEqual([row.id, row.balance]);

  const log = (await source.events('public.log')).sort(byPosition);
  const lastTruncate = log.findLastIndex((event) => event.op === 't');
  const alive = log.slice(lastTruncate + 1);
  expect(alive.length).toBe(logged);
  assertNoGaps(
    alive.filter((event) => event.after?.['who'] === 'during').map((event) => event.after?.['at'] as bigint),
    { from: 20_000, to: logged - 1 },
  );
  // Inside a source transaction the numbers are contiguous over all tables.
  const everything = [...accounts, ...log].filter((event) => event.op !== null && event.snapshot === 'false');
  const bySource = Map.groupBy(everything, (event) => event.commitLsn);
  for (const events of bySource.values()) {
    assertNoGaps(
      events.map((event) => event.seq),
      { from: events.length > 0 ? Math.min(...events.map((e) => e.seq)) : 0 },
    );
  }
}, 240_000);
