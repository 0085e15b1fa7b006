import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import pg from 'pg';

import { byPosition, SourceUnderTest, type SeenEvent } from './source-under-test.ts';
import { assertSameState, outcomesOf, snapshotOf } from './snapshot-signals.ts';

const SEED = Number(process.env['HASIVU_TEST_SEED'] ?? 20261125);
const KILLS = Number(process.env['HASIVU_TEST_KILLS'] ?? 4);
const PLACES = ['chunk-read:2', 'chunk-marked:2', 'chunk-emitted:2', 'signal-taken', 'before-kafka-commit:9'];

function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Everything that may happen to a table while it is read. Each write is one transaction. */
function writeOf(random: (below: number) => number): string {
  const id = 1 + random(20_000);
  const kinds: (() => string)[] = [
    () => `UPDATE docs SET n = n + 1 WHERE id BETWEEN ${id} AND ${id + random(60)}`,
    () => `UPDATE docs SET n = n + 1 WHERE id % 50 = ${random(50)}`,
    () => `UPDATE docs SET body = repeat('b', ${random(9000)}) WHERE id = ${id}`,
    () => `DELETE FROM docs WHERE id BETWEEN ${id} AND ${id + random(10)}`,
    () => `UPDATE docs SET id = id + 1000000 WHERE id = ${id}`,
    () => `UPDATE docs SET id = id - 1000000 WHERE id = (SELECT max(id) FROM docs WHERE id > 1000000)`,
    () =>
      `INSERT INTO docs SELECT i, 0, 'new' FROM generate_series(${id}, ${id + random(20)}) i ON CONFLICT DO NOTHING`,
    () => `BEGIN; UPDATE docs SET n = n + 1 WHERE id > ${id}; ROLLBACK`,
  ];
  return (kinds[random(kinds.length)] as () => string)();
}

/** Writes side by side, until it is told to stop. */
class Writers {
  readonly #url: string;
  readonly #done: Promise<void>[];
  #running = true;

  constructor(url: string, seed: number, count = 2) {
    this.#url = url;
    this.#done = Array.from({ length: count }, (_, i) => this.#write(randomOf(seed + i)));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#done);
  }

  async #write(random: (below: number) => number): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url });
    await client.connect();
    while (this.#running) {
      // Two of them may meet in a deadlock, or move a row onto another one: that is a rollback like any other.
      await client.query(writeOf(random)).catch(() => client.query('ROLLBACK'));
      await sleep(random(20));
    }
    await client.end();
  }
}

async function create(label: string): Promise<SourceUnderTest> {
  const source = await SourceUnderTest.create(label);
  await source.sql('CREATE TABLE docs (id int PRIMARY KEY, n int, body text)');
  await source.sql('ALTER TABLE docs ALTER body SET STORAGE EXTERNAL');
  await source.sql(
    'INSERT INTO docs SELECT i, 0, CASE WHEN i % 4 = 0 THEN repeat(md5(i::text), 80) ELSE md5(i::text) END FROM generate_series(1, 20000) i',
  );
  return source;
}

/**
 * A row that moves to another key leaves the value behind that it keeps out of line: who never had the row under that key
 * has to read it, and behind the last read nobody does. Those are written anew.
 */
async function writeMovedAnew(source: SourceUnderTest, table: string): Promise<void> {
  const events = (await source.events(table)).sort(byPosition);
  const lastRead = events.findLastIndex((event) => event.snapshot === 'incremental');
  const moved = events
    .slice(lastRead + 1)
    .filter(({ op, unavailable }) => op === 'c' && unavailable.length > 0);
  const ids = moved.map(({ key }) => key?.['id']);
  await source.sql(`UPDATE ${table} SET body = body || '' WHERE id = ANY($1)`, [ids]);
}

/** Within a partition positions only rise: a row that was read stands where it says. */
function assertInOrder(events: readonly SeenEvent[]): void {
  const byPartition = Map.groupBy(
    events.filter((event) => event.op !== null),
    (event) => event.partition,
  );
  for (const own of byPartition.values()) {
    const byOffset = [...own].sort((a, b) => Number(a.offset - b.offset));
    expect(byOffset).toEqual([...own].sort(byPosition));
  }
}

test(`killed at every place and ${KILLS} times at random while a table is read under load (seed ${SEED}), it goes on where it was and ends equal to Postgres`, async () => {
  const random = randomOf(SEED);
  await using source = await create('increment');
  const options = { tables: ['public.docs'], postgres: 'snapshot: never' };
  await (await source.start(options)).stop();
  const writers = new Writers(source.database.url, SEED);
  const ids: string[] = [];
  try {
    for (const place of PLACES) {
      ids.push(await snapshotOf(source, 'public.docs'));
      const env = { HASIVU_FAILPOINT: place, HASIVU_TEST_FAILPOINTS: '1' };
      const service = await source.launch({ ...options, env });
      await waitFor(`the source to reach ${place}`, () => !service.running, { timeoutMs: 60_000 });
      expect((await service.exited).signal).toBe('SIGKILL');
    }
    for (let kill = 0; kill < KILLS; kill++) {
      ids.push(await snapshotOf(source, 'public.docs'));
      const service = await source.launch(options);
      await sleep(700 + random(2500));
      await service.kill();
    }
    await source.start(options);
    for (const id of ids) expect(await outcomesOf(source, id)).toMatchObject([{ result: 'done' }]);
  } finally {
    await writers.stop();
  }
  await source.settled();
  await writeMovedAnew(source, 'public.docs');
  await source.settled();
  const events = await assertSameState(source, 'public.docs');
  assertInOrder(events);
  expect(events.filter((event) => event.snapshot === 'incremental').length).toBeGreaterThan(18_000);
}, 400_000);

test('a table that is truncated, altered, dropped and made anew while it is read ends as it is in Postgres', async () => {
  await using source = await create('ddl');
  const options = { tables: ['public.docs'], postgres: 'snapshot: never' };
  await source.start(options);
  const writers = new Writers(source.database.url, SEED, 1);
  try {
    let id = await snapshotOf(source, 'public.docs');
    await source.sql('BEGIN; DELETE FROM docs WHERE id < 5000; TRUNCATE docs; COMMIT');
    await source.sql("INSERT INTO docs SELECT i, 0, repeat('c', 3000) FROM generate_series(1, 8000) i");
    expect(await outcomesOf(source, id)).toMatchObject([{ result: 'done' }]);
    id = await snapshotOf(source, 'public.docs');
    await source.sql("ALTER TABLE docs ADD COLUMN added text NOT NULL DEFAULT 'given'");
    expect(await outcomesOf(source, id)).toMatchObject([{ result: 'done' }]);
    id = await snapshotOf(source, 'public.docs');
    await source.sql('ALTER TABLE docs DROP CONSTRAINT docs_pkey');
    await source.sql('ALTER TABLE docs ADD PRIMARY KEY (id)');
    expect(await outcomesOf(source, id)).toMatchObject([{ result: 'done' }]);
  } finally {
    await writers.stop();
  }
  // A row of before has the column's default only where it was read behind the change.
  expect(await outcomesOf(source, await snapshotOf(source, 'public.docs'))).toMatchObject([
    { result: 'done' },
  ]);
  await source.settled();
  const events = await assertSameState(source, 'public.docs');
  assertInOrder(events);
  const dropped = await snapshotOf(source, 'public.docs');
  await source.sql('DROP TABLE docs');
  const [outcome] = await outcomesOf(source, dropped);
  expect(['done', 'failed']).toContain(outcome?.result);
  expect(await outcomesOf(source, await snapshotOf(source, 'public.docs'))).toMatchObject([
    { result: 'failed' },
  ]);
  await source.settled();
}, 240_000);
