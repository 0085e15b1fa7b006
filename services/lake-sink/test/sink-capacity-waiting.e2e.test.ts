import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { TableSchema } from '@hasivu/change-events';
import { createS3Store } from '@hasivu/object-store';
import { waitFor } from '@hasivu/testing';
import { ChangeFeed, type Change } from './change-feed.ts';
import { SinkFixture } from './sink-fixture.ts';

/** Without a key: what is read is what is stored. */
const schemaOf = (table: string): TableSchema => ({
  database: 'db',
  schema: 'public',
  table,
  columns: [{ name: 'v', type: { kind: 'string' }, pgType: 'text' }],
  key: [],
});

/** Inserts that no compression makes much smaller than half of this. */
function noise(bytes: number): Change[] {
  const rows = Math.ceil(bytes / 600);
  return Array.from({ length: rows }, () => ({ op: 'c', row: { v: randomBytes(300).toString('hex') } }));
}

/** Takes what a large flush needs, and would have in an empty lake. */
const BALLAST_BYTES = 4 << 20;

async function putBallast(sink: SinkFixture): Promise<void> {
  const store = createS3Store(sink.lake);
  try {
    await store.put('ballast', new Uint8Array(BALLAST_BYTES));
  } finally {
    store.close();
  }
}

async function untilRefused(sink: SinkFixture): Promise<void> {
  await waitFor('the refusal', async () =>
    (await (await fetch(`${sink.service.url}/readyz`)).text()).includes('LAKE_CAPACITY_EXCEEDED'),
  );
}

test('a sink that is stopped while a large flush waits for room loses nothing of it, though a small one behind it would fit', async () => {
  const sizes = { listEveryMs: 1_000, recheckEveryMs: 300 };
  const flush = { intervalMs: 1_500 };
  await using sink = await SinkFixture.create('overtaken', {
    flush,
    capacity: { ...sizes, maxBytes: BALLAST_BYTES + 300_000 },
  });
  await putBallast(sink);
  await using feed = await ChangeFeed.open(sink.kafka, schemaOf('notes'), { partitions: 1 });
  await feed.send({ op: 'c', row: { v: 'first' } });
  const first = await sink.start();
  await sink.offsets('bronze/public/notes', feed.topic, { 0: 0 });
  const large = noise(2 << 20);
  await feed.send(...large);
  await untilRefused(sink);
  await feed.send({ op: 'c', row: { v: 'last' } });
  await sleep(1_000);
  expect((await first.stop()).code).toBe(0);

  await sink.configure({ flush, capacity: { ...sizes, maxBytes: BALLAST_BYTES + 10_000_000 } });
  await sink.start();
  const sent = large.length + 2;
  await sink.offsets('bronze/public/notes', feed.topic, { 0: sent - 1 });
  const { rows } = await sink.read('bronze/public/notes');
  const offsets = new Set(rows.map((row) => Number(row['_offset'])));
  expect([rows.length, offsets.size]).toEqual([sent, sent]);
  expect((await sink.service.stop()).code).toBe(0);
}, 120_000);

test('a busy table whose flush waits for room does not keep the others from being read and written', async () => {
  await using sink = await SinkFixture.create('busy', {
    flush: { intervalMs: 3_000 },
    capacity: { maxBytes: BALLAST_BYTES + 1_000_000, listEveryMs: 1_000, recheckEveryMs: 300 },
  });
  await putBallast(sink);
  await using busy = await ChangeFeed.open(sink.kafka, schemaOf('busy'), { partitions: 1 });
  await using quiet = await ChangeFeed.open(sink.kafka, schemaOf('quiet'), { partitions: 1 });
  // More than all tables may hold: a batch of it that waits, and one behind it.
  for (let n = 0; n < 4; n += 1) await busy.send(...noise(4 << 20));
  await quiet.send({ op: 'c', row: { v: 'first' } });
  await sink.start('log-committed:1000000');
  await untilRefused(sink);
  for (let n = 1; n <= 20; n += 1) {
    await quiet.send({ op: 'c', row: { v: `row ${n}` } });
    await sleep(100);
  }
  await sink.offsets('bronze/public/quiet', quiet.topic, { 0: 20 });
  expect(await (await fetch(`${sink.service.url}/readyz`)).text()).toContain('LAKE_CAPACITY_EXCEEDED');
  expect((await sink.service.stop()).code).toBe(0);
}, 120_000);
