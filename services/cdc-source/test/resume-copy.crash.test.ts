import { setTimeout as sleep } from 'node:timers/promises';

import { assertNoDuplicates, waitFor, type SpawnedService } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { printed, SourceUnderTest, stateOf, type SeenEvent } from './source-under-test.ts';

const KILLS = Number(process.env['HASIVU_TEST_KILLS'] ?? 3);

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('resume');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

async function rowsCopied(service: SpawnedService): Promise<number> {
  const lines = (await service.metrics()).split('\n');
  const counts = lines.filter((line) => /^hasivu_source_rows_total\{.*op="r"/.test(line));
  return counts.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Kills the service as soon as some ranges of its copy, and not all of them, are in Kafka. */
async function killWhileCopying(service: SpawnedService): Promise<void> {
  await waitFor('the first ranges', async () => !service.running || (await rowsCopied(service)) > 0, {
    timeoutMs: 60_000,
  });
  await service.kill();
}

/** What a reader has who goes by the offsets of the partitions and knows nothing of positions. */
function stateByOffset(events: readonly SeenEvent[]): Map<string, Record<string, unknown>> {
  const state = new Map<string, Record<string, unknown>>();
  for (const event of events) {
    const key = printed(event.key);
    if (event.op === 'd') state.delete(key);
    if (event.op === 'd' || event.op === 't' || event.op === null) continue;
    const row: Record<string, unknown> = { ...event.after };
    for (const name of event.unavailable) row[name] = state.get(key)?.[name] ?? null;
    state.set(key, row);
  }
  return state;
}

test(`killed ${KILLS} times while it copies under updates, it reads no range twice and ends equal to Postgres`, async () => {
  await source.sql('CREATE TABLE docs (id int PRIMARY KEY, n int, body text) WITH (fillfactor = 50)');
  await source.sql('ALTER TABLE docs ALTER body SET STORAGE EXTERNAL');
  await source.sql(
    'INSERT INTO docs SELECT i, 0, CASE WHEN i % 4 = 0 THEN repeat(md5(i::text), 80) ELSE md5(i::text) END FROM generate_series(1, 40000) i',
  );
  await source.sql('CREATE TABLE log (at int, filler text)');
  await source.sql("INSERT INTO log SELECT i, repeat('x', 300) FROM generate_series(1, 60000) i");
  // Ranges of 128 pages: the planner is told of rows so narrow that the rows bound decides.
  await source.sql("UPDATE pg_class SET reltuples = 1e9 WHERE oid IN ('docs'::regclass, 'log'::regclass)");
  await source.sql(
    'ALTER TABLE docs SET (autovacuum_enabled = off); ALTER TABLE log SET (autovacuum_enabled = off)',
  );
  let writing = true;
  let logged = 60_000;
  let moved = 40_000;
  const write = async (seed: number): Promise<void> => {
    for (let i = seed; writing; i += 2) {
      const id = 1 + ((i * 7919) % 40_000);
      // Sub-transactions: their numbers must not pass for older than the snapshot.
      await source.sql(
        `BEGIN; SAVEPOINT a; UPDATE docs SET n = n + 1 WHERE id BETWEEN ${id} AND ${id + 200}; RELEASE a;
         SAVEPOINT b; INSERT INTO log VALUES (${++logged}, 'during'); RELEASE b; COMMIT`,
      );
      if (i % 7 === 0) await source.sql('UPDATE docs SET body = md5(n::text) WHERE id = $1', [id]);
      if (i % 11 === 0) await source.sql('DELETE FROM docs WHERE id = $1', [id + 3]);
      if (i % 13 === 0) {
        await source.sql("UPDATE docs SET id = $2, body = 'moved' WHERE id = $1", [id + 5, ++moved]);
      }
    }
  };
  const options = { tables: ['public.docs', 'public.log'] };
  const writers = [1, 2].map(write);
  for (let kill = 0; kill < KILLS; kill++) {
    await killWhileCopying(
      await source.launch({ ...options, postgres: `snapshotConnections: ${1 + (kill % 3)}` }),
    );
    await sleep(200);
  }
  const last = await source.start(options);
  writing = false;
  await Promise.all(writers);
  await source.settled();
  expect(last.logs.some((line) => line['msg'] === 'copies go on')).toBe(true);

  const docs = await source.events('public.docs');
  const rows = await source.sql<{ id: number; n: number; body: string }>('SELECT id, n, body FROM docs');
  const expected = rows.map((row) => printed(row)).sort();
  for (const state of [stateOf(docs), stateByOffset(docs)]) {
    expect([...state.values()].map((row) => printed(row)).sort()).toEqual(expected);
  }
  // Without a key a row that came twice would be two rows.
  const log = await source.events('public.log');
  expect(log.some((event) => event.op === 't')).toBe(false);
  assertNoDuplicates(log.map((event) => event.after?.['at'] as number));
  expect(log).toHaveLength(logged);
}, 240_000);
