import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { measureUsage } from '@hasivu/lake-engine';
import { createS3Store } from '@hasivu/object-store';
import { waitFor } from '@hasivu/testing';
import { ChangeFeed, type Change } from './change-feed.ts';
import { SinkFixture } from './sink-fixture.ts';

const BRONZE = 'bronze/public/orders';
const SILVER = 'silver/public/orders';
const HISTORY = 'history/public/orders_history';
const ROWS = 20_000;
const columns = (kind: 'int32' | 'int64'): ColumnSchema[] => [
  { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
  { name: 'n', type: { kind }, pgType: kind },
];
const orders: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'orders',
  columns: columns('int32'),
  key: ['id'],
};

/** A number that files of before have no better way to store than its digits. */
const noise = (id: number): number => (id * 2_654_435_761) % 2_000_000_000;

async function bytesUnder(sink: SinkFixture, root = ''): Promise<number> {
  const store = createS3Store(sink.lake);
  try {
    let bytes = 0;
    for (const [table, kinds] of (await measureUsage(store)).tables)
      if (table.startsWith(root)) bytes += root === '' ? all(kinds) : kinds.data.bytes;
    return bytes;
  } finally {
    store.close();
  }
}
const all = (kinds: object): number =>
  Object.values(kinds as Record<string, { bytes: number }>).reduce((sum, { bytes }) => sum + bytes, 0);

/** A lake with rows, and room for a quarter of what its files have: for a flush, not for a rewrite. */
async function withLittleRoom(
  sink: SinkFixture,
): Promise<{ maxBytes: number; listEveryMs: number; recheckEveryMs: number }> {
  const room = Math.floor((await bytesUnder(sink, BRONZE)) / 4);
  expect(room).toBeGreaterThan(15_000);
  return { maxBytes: (await bytesUnder(sink)) + room, listEveryMs: 500, recheckEveryMs: 300 };
}

const valueOf = (rows: readonly Readonly<Record<string, unknown>>[]): string =>
  String(rows.find((row) => String(row['id']) === '1')?.['n']);

async function expectRefused(sink: SinkFixture): Promise<void> {
  const ready = async (): Promise<string> => await (await fetch(`${sink.service.url}/readyz`)).text();
  await waitFor('the refusal', async () => (await ready()).includes('LAKE_CAPACITY_EXCEEDED'));
  const before = await bytesUnder(sink);
  await sleep(1_500);
  expect(await bytesUnder(sink)).toBe(before);
  expect(sink.service.running).toBe(true);
  expect((await sink.service.stop()).code).toBe(0);
}

test('files are rewritten to a wider type, and a history is built from bronze, only where the lake has room for it', async () => {
  await using sink = await SinkFixture.create('rewrites');
  await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 1 });
  const changes: Change[] = [];
  for (let id = 0; id < ROWS; id += 1) changes.push({ op: 'c', row: { id, n: noise(id) } });
  await feed.send(...changes);
  await sink.start();
  await sink.offsets(SILVER, feed.topic, { 0: ROWS - 1 });
  await sink.service.stop();

  await sink.configure({ capacity: await withLittleRoom(sink) });
  await sink.start();
  feed.alter(columns('int64'));
  await feed.send({ op: 'u', row: { id: 1, n: 2n ** 40n } });
  await expectRefused(sink);
  const { rows: narrow } = await sink.read(SILVER);
  expect(valueOf(narrow)).toBe(String(noise(1)));

  await sink.configure({});
  await sink.start();
  await sink.until(SILVER, 'the wide value', ({ rows }) => valueOf(rows) === String(2n ** 40n));
  await sink.service.stop();

  const tables = { 'public.orders': { history: { type: 2, name: 'orders_history' } } };
  await sink.configure({ tables, capacity: await withLittleRoom(sink) });
  await sink.start('history-committed:1000000');
  await expectRefused(sink);
  expect(await sink.dataFiles(HISTORY)).toEqual(new Map());

  await sink.configure({ tables });
  await sink.start();
  await sink.offsets(HISTORY, feed.topic, { 0: ROWS });
  const { rows } = await sink.read(HISTORY);
  expect(rows.length).toBe(ROWS + 1);
}, 240_000);
