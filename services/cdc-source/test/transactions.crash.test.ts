import { topicNames } from '@hasivu/change-events';
import { waitFor } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

const LARGE = 30_000;

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('transactions');
  await source.sql('CREATE TABLE orders (id int PRIMARY KEY)');
  await source.sql('CREATE TABLE lines (id int PRIMARY KEY, note text)');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

interface Boundary {
  readonly status: string;
  readonly id: string;
  readonly event_count: number | null;
  readonly data_collections: { data_collection: string; event_count: number }[] | null;
}

/** Boundaries by transaction, those of the marker tables left out. */
async function boundaries(): Promise<Map<string, Boundary[]>> {
  const byId = new Map<string, Boundary[]>();
  for (const record of await source.records(topicNames(source.topics.prefix).transactions)) {
    const boundary = (await source.decodeAvro(record.value)) as unknown as Boundary;
    expect((await source.decodeAvro(record.key))['id']).toBe(boundary.id);
    byId.set(boundary.id, [...(byId.get(boundary.id) ?? []), boundary]);
  }
  const settles = (seen: readonly Boundary[]): boolean =>
    seen.some((one) => one.data_collections?.some((of) => of.data_collection === 'public.settled'));
  return new Map([...byId].filter(([, seen]) => !settles(seen)));
}

async function blocks(table: string): Promise<Map<string, { total: number[]; own: number[] }>> {
  const byId = new Map<string, { total: number[]; own: number[] }>();
  for (const { value } of await source.records(topicNames(source.topics.prefix).change('public', table))) {
    if (value === null) continue;
    const envelope = await source.decodeAvro(value);
    const block = envelope['transaction'] as Record<string, unknown>;
    const id = String(block['id']);
    const seen = byId.get(id) ?? { total: [], own: [] };
    seen.total.push(Number(block['total_order']));
    seen.own.push(Number(block['data_collection_order']));
    byId.set(id, seen);
  }
  return byId;
}

const upTo = (n: number, from = 1): number[] => Array.from({ length: n }, (_, i) => i + from);
const sorted = (numbers: readonly number[] = []): number[] => numbers.toSorted((a, b) => a - b);

test('every transaction has its boundaries once with exact counts, though the source is killed inside a large one', async () => {
  const options = { tables: ['public.orders', 'public.lines'], postgres: 'transactionTopic: true' };
  const first = await source.start(options);
  await source.sql(`DO $$ BEGIN
    INSERT INTO orders VALUES (-1), (-2);
    INSERT INTO lines VALUES (-1, 'a');
    UPDATE orders SET id = -3 WHERE id = -2;
    DELETE FROM lines WHERE id = -1;
  END $$`);
  await source.settled();
  await source.sql(`DO $$ BEGIN
    INSERT INTO lines SELECT i, repeat('x', 200) FROM generate_series(1, ${LARGE}) i;
    INSERT INTO orders SELECT generate_series(1, 10);
  END $$`);
  const topic = topicNames(source.topics.prefix).change('public', 'lines');
  await waitFor(
    'a part of the large transaction to be in Kafka',
    async () => (await source.committedRecords(topic)) > 3n,
    { timeoutMs: 60_000 },
  );
  await first.kill();
  await source.start(options);
  await source.settled();

  const seen = [...(await boundaries()).values()];
  expect(seen.map((one) => one.map(({ status }) => status))).toEqual([
    ['BEGIN', 'END'],
    ['BEGIN', 'END'],
  ]);
  expect(seen[0]?.[1]).toMatchObject({
    event_count: 6,
    data_collections: [
      { data_collection: 'public.orders', event_count: 4 },
      { data_collection: 'public.lines', event_count: 2 },
    ],
  });
  expect(seen[1]?.[1]).toMatchObject({
    event_count: LARGE + 10,
    data_collections: [
      { data_collection: 'public.lines', event_count: LARGE },
      { data_collection: 'public.orders', event_count: 10 },
    ],
  });
  const [small = '', large = ''] = (await boundaries()).keys();
  const lines = await blocks('lines');
  const orders = await blocks('orders');
  expect(sorted([...(lines.get(small)?.total ?? []), ...(orders.get(small)?.total ?? [])])).toEqual(upTo(6));
  expect(sorted(lines.get(large)?.total)).toEqual(upTo(LARGE));
  expect(sorted(lines.get(large)?.own)).toEqual(upTo(LARGE));
  expect(sorted(orders.get(large)?.total)).toEqual(upTo(10, LARGE + 1));
  expect(sorted(orders.get(large)?.own)).toEqual(upTo(10));
}, 180_000);
