import { testDatabase, waitFor } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

const SEGMENT = 16n * 1024n * 1024n;

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('heartbeat');
  await source.sql('CREATE TABLE quiet (id int PRIMARY KEY)');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

async function slotLsns(): Promise<{ restart: bigint; confirmed: bigint; end: bigint }> {
  const [row] = await source.sql<Record<'restart' | 'confirmed' | 'end', string>>(
    `SELECT (restart_lsn - '0/0')::text AS restart, (confirmed_flush_lsn - '0/0')::text AS confirmed,
            (pg_current_wal_lsn() - '0/0')::text AS end FROM pg_replication_slots WHERE slot_name = $1`,
    [source.slot],
  );
  return {
    restart: BigInt(row?.restart ?? 0),
    confirmed: BigInt(row?.confirmed ?? 0),
    end: BigInt(row?.end ?? 0),
  };
}

test('an idle database on a busy server does not hold back its log, even without heartbeats', async () => {
  await source.start({ tables: ['public.quiet'], postgres: 'heartbeat: { intervalMs: 0 }' });
  const before = await slotLsns();
  await using other = await testDatabase('busy');
  await other.query('CREATE TABLE busy (n int, filler text)');
  for (let round = 0; round < 6; round++)
    await other.query("INSERT INTO busy SELECT i, repeat('x', 1000) FROM generate_series(1, 10000) i");
  const { end } = await slotLsns();
  expect(end - before.restart).toBeGreaterThan(3n * SEGMENT);
  // The server only lets a slot go on where it has noted the running transactions, which it does by itself now and then.
  await waitFor(
    'the slot to let go of the log that the other database wrote',
    async () => {
      const { restart, confirmed } = await slotLsns();
      return confirmed >= end && restart > before.restart + 3n * SEGMENT;
    },
    { timeoutMs: 120_000 },
  );
}, 200_000);

const metric = async (text: Promise<string>, name: string): Promise<number | null> => {
  const found = new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(await text);
  return found ? Number(found[1]) : null;
};

test('an idle stream brings a heartbeat, which is no event and which a message topic never sees', async () => {
  const service = await source.start({
    tables: ['public.quiet'],
    postgres: 'heartbeat: { intervalMs: 200 }',
  });
  await waitFor(
    'a heartbeat to come back',
    async () => (await metric(service.metrics(), 'hasivu_source_heartbeat_seconds')) !== null,
  );
  const first = (await metric(service.metrics(), 'hasivu_source_received_timestamp_seconds')) ?? 0;
  await waitFor(
    'another one',
    async () => ((await metric(service.metrics(), 'hasivu_source_received_timestamp_seconds')) ?? 0) > first,
  );
  await source.settled();
  expect(await source.events('public.quiet')).toEqual([]);
  expect((await source.topicNames()).filter((topic) => /\.(message|heartbeat)$/.test(topic))).toEqual([]);
  expect(await service.stop()).toMatchObject({ code: 0 });
});

test('a query in its place is run at every interval, and one that fails is told once', async () => {
  await source.sql('CREATE TABLE pulse (id int PRIMARY KEY, n int)');
  await source.sql('INSERT INTO pulse VALUES (1, 0)');
  const query = 'UPDATE pulse SET n = n + 1 WHERE id = 1';
  const service = await source.start({
    tables: ['public.pulse'],
    postgres: `heartbeat: { intervalMs: 200, query: "${query}" }`,
  });
  await waitFor(
    'two beats as events',
    async () => (await source.events('public.pulse')).filter(({ op }) => op === 'u').length >= 2,
  );
  await source.sql('ALTER TABLE pulse RENAME COLUMN n TO m');
  const failures = (): number => service.output.filter((line) => line.includes('no heartbeat')).length;
  await waitFor('the failure to be told', () => Promise.resolve(failures() > 0));
  await source.settled();
  expect(failures()).toBe(1);
  expect(service.running).toBe(true);
});
