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

const notesSchema: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'notes',
  columns: [{ name: 'v', type: { kind: 'string' }, pgType: 'text' }],
  key: [],
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

/** Of a lake with rows: room for a quarter of what the files of bronze have, which is enough for a flush, not for a rewrite. */
async function littleRoom(
  sink: SinkFixture,
): Promise<{ maxBytes: number; listEveryMs: number; recheckEveryMs: number }> {
  const room = Math.floor((await bytesUnder(sink, BRONZE)) / 4);
  expect(room).toBeGreaterThan(15_000);
  return { maxBytes: (await bytesUnder(sink)) + room, listEveryMs: 500, recheckEveryMs: 300 };
}

const valueOf = (rows: readonly Readonly<Record<string, unknown>>[]): string =>
  String(rows.find((row) => String(row['id']) === '1')?.['n']);

/** The table is said to have stopped, nothing is written to it, and another one is written as ever. */
async function expectStopped(sink: SinkFixture, notes: ChangeFeed, offset: number): Promise<void> {
  const isStopped = (): boolean =>
    sink.service.logs.some((line) => line['code'] === 'LAKE_TABLE_WITHOUT_ROOM');
  await waitFor('the table to stop', isStopped);
  const before = await bytesUnder(sink, 'silver/public/orders');
  await notes.send({ op: 'c', row: { v: 'meanwhile' } });
  await sink.offsets('bronze/public/notes', notes.topic, { 0: offset });
  expect(await bytesUnder(sink, 'silver/public/orders')).toBe(before);
  expect(await sink.service.metrics()).toContain('hasivu_sink_stopped_tables 1');
  expect((await fetch(`${sink.service.url}/readyz`)).status).toBe(200);
}

/** Whose objects these are does not matter to who pays for them. */
async function withBallast<T>(
  sink: SinkFixture,
  work: (store: ReturnType<typeof createS3Store>) => Promise<T>,
) {
  const store = createS3Store(sink.lake);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}
const put = (sink: SinkFixture): Promise<void> =>
  withBallast(sink, (store) => store.put('ballast', new Uint8Array(4 << 20)));
const takeAway = (sink: SinkFixture): Promise<void> => withBallast(sink, (store) => store.delete('ballast'));

test('a table whose files have to be rewritten, or whose history has to be built, stops alone where the lake has no room for it, and goes on by itself', async () => {
  await using sink = await SinkFixture.create('rewrites');
  await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 1 });
  await using notes = await ChangeFeed.open(sink.kafka, notesSchema, { partitions: 1 });
  const changes: Change[] = [];
  for (let id = 0; id < ROWS; id += 1) changes.push({ op: 'c', row: { id, n: noise(id) } });
  await feed.send(...changes);
  await notes.send({ op: 'c', row: { v: 'first' } });
  await sink.start();
  await sink.offsets(SILVER, feed.topic, { 0: ROWS - 1 });
  await sink.offsets('bronze/public/notes', notes.topic, { 0: 0 });
  await sink.service.stop();

  await put(sink);
  await sink.configure({ capacity: await littleRoom(sink) });
  await sink.start();
  feed.alter(columns('int64'));
  await feed.send({ op: 'u', row: { id: 1, n: 2n ** 40n } });
  await expectStopped(sink, notes, 1);
  const { rows: narrow } = await sink.read(SILVER);
  expect(valueOf(narrow)).toBe(String(noise(1)));
  await takeAway(sink);
  await sink.until(SILVER, 'the wide value', ({ rows }) => valueOf(rows) === String(2n ** 40n));
  expect(await sink.service.metrics()).toContain('hasivu_sink_stopped_tables 0');
  expect((await sink.service.stop()).code).toBe(0);

  await put(sink);
  const tables = { 'public.orders': { history: { type: 2, name: 'orders_history' } } };
  await sink.configure({ tables, capacity: await littleRoom(sink) });
  await sink.start();
  await expectStopped(sink, notes, 2);
  expect(await sink.dataFiles(HISTORY)).toEqual(new Map());
  await takeAway(sink);
  await sink.offsets(HISTORY, feed.topic, { 0: ROWS });
  const { rows } = await sink.read(HISTORY);
  expect(rows.length).toBe(ROWS + 1);
  const { rows: log } = await sink.read(BRONZE);
  expect(new Set(log.map((row) => Number(row['_offset']))).size).toBe(ROWS + 1);
  expect((await sink.service.stop()).code).toBe(0);
}, 240_000);
