import { stack, waitFor } from '@hasivu/testing';
import { afterEach, expect, test } from '@jest/globals';
import pg from 'pg';

import { SourceUnderTest } from './source-under-test.ts';
import { assertSameState, outcomesOf, snapshotOf } from './snapshot-signals.ts';

/** Commits wait for a standby that does not exist: their records are in the log, nobody sees what they did. */
async function withoutStandby(source: SourceUnderTest, work: () => Promise<void>): Promise<void> {
  await source.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  await source.sql('SELECT pg_reload_conf()');
  try {
    await work();
  } finally {
    await release();
  }
}

async function release(): Promise<void> {
  const admin = new pg.Client({ connectionString: stack().postgres.url });
  await admin.connect();
  await admin.query('ALTER SYSTEM RESET synchronous_standby_names');
  await admin.query('SELECT pg_reload_conf()');
  await admin.end();
}

// Whatever became of the test: without this every commit of the server would hang.
afterEach(release);

/** A transaction whose COMMIT hangs until the standby is no longer asked for. */
async function hangingCommit(
  source: SourceUnderTest,
  statement: string,
): Promise<{ readonly ended: Promise<unknown> }> {
  const client = new pg.Client({ connectionString: source.database.url });
  await client.connect();
  await client.query('SET synchronous_commit = on');
  const ended = client.query(statement).finally(() => client.end());
  await waitFor('the commit to wait for its standby', async () => {
    const waiting = await source.sql(
      "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()",
    );
    return waiting.length > 0;
  });
  return { ended };
}

async function eventOf(source: SourceUnderTest, id: number): Promise<void> {
  await waitFor('the change to be in Kafka', async () =>
    (await source.events('public.docs')).some((event) => event.after?.['id'] === id && event.op === 'u'),
  );
}

async function create(): Promise<SourceUnderTest> {
  const source = await SourceUnderTest.create('invisible');
  await source.sql('CREATE TABLE docs (id int PRIMARY KEY, n int, body text)');
  await source.sql('ALTER TABLE docs ALTER body SET STORAGE EXTERNAL');
  await source.sql('INSERT INTO docs SELECT i, 0, repeat(md5(i::text), 100) FROM generate_series(1, 100) i');
  return source;
}

const N = 'SELECT n FROM docs WHERE id = 5';

test('a change that was streamed before a snapshot began, and that nobody sees yet, is waited for', async () => {
  await using source = await create();
  const service = await source.start({ tables: ['public.docs'] });
  await withoutStandby(source, async () => {
    const { ended } = await hangingCommit(source, "UPDATE docs SET n = 7, body = 'short' WHERE id = 5");
    await eventOf(source, 5);
    expect(await source.sql(N)).toEqual([{ n: 0 }]);
    const id = await snapshotOf(source, 'public.docs');
    await waitFor('the snapshot to wait', () =>
      service.output.some((line) => line.includes('waits for transactions')),
    );
    expect(await source.sql(N)).toEqual([{ n: 0 }]);
    await release();
    await ended;
    expect(await outcomesOf(source, id)).toMatchObject([{ result: 'done', rows: 100 }]);
  });
  await source.settled();
  await assertSameState(source, 'public.docs');
}, 120_000);

test('a chunk that was read while a streamed change was invisible leaves that row out, and reads it later where the log lacks a value of it', async () => {
  await using source = await create();
  const service = await source.start({ tables: ['public.docs'], postgres: 'snapshot: never' });
  // Writers that were there before the window hold the first chunk back until the hanging ones have come.
  const older = new pg.Client({ connectionString: source.database.url });
  await older.connect();
  await older.query('SET synchronous_commit = local');
  await older.query('BEGIN; UPDATE docs SET n = 1 WHERE id = 1');
  await withoutStandby(source, async () => {
    const id = await snapshotOf(source, 'public.docs');
    await waitFor('the snapshot to wait', () =>
      service.output.some((line) => line.includes('waits for transactions')),
    );
    // One has every value of its row in the log, the other one not.
    const whole = await hangingCommit(source, "UPDATE docs SET n = 7, body = 'short' WHERE id = 5");
    const partial = await hangingCommit(source, 'UPDATE docs SET n = 8 WHERE id = 6');
    await eventOf(source, 5);
    await eventOf(source, 6);
    await older.query('COMMIT');
    await waitFor('the chunk to be in Kafka', async () =>
      (await source.events('public.docs')).some((event) => event.op === 'r' && event.after?.['id'] === 100),
    );
    expect(await source.sql('SELECT n FROM docs WHERE id IN (5, 6)')).toEqual([{ n: 0 }, { n: 0 }]);
    const read = (await source.events('public.docs')).filter((event) => event.op === 'r');
    expect(read.length).toBe(98);
    expect(read.some((event) => [5, 6].includes(event.after?.['id'] as number))).toBe(false);
    await release();
    await Promise.all([whole.ended, partial.ended]);
    expect(await outcomesOf(source, id)).toMatchObject([{ result: 'done', rows: 99 }]);
  });
  await older.end();
  await source.settled();
  await assertSameState(source, 'public.docs');
}, 120_000);
