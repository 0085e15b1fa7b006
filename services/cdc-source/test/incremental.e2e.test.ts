import { randomUUID } from 'node:crypto';

import { topicNames } from '@hasivu/change-events';
import { waitFor } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { byPosition, printed, SourceUnderTest, stateOf } from './source-under-test.ts';

export interface Outcome {
  readonly signal: string;
  readonly table: string | null;
  readonly result: string;
  readonly reason?: string;
  readonly rows: number;
}

interface IncrementalState {
  readonly paused: boolean;
  readonly queue: readonly { readonly table: string; readonly run: { readonly rows: number } | null }[];
  readonly outcomes: readonly Outcome[];
}

/** What the newest committed progress record says of snapshots. */
async function incremental(source: SourceUnderTest): Promise<IncrementalState | null> {
  const records = await source.records(topicNames(source.topics.prefix).progress);
  const own = records.filter(({ key }) => key?.toString() === source.slot);
  const last = own.at(-1)?.value;
  if (!last) return null;
  return (JSON.parse(last.toString()) as { incremental?: IncrementalState }).incremental ?? null;
}

async function outcomesOf(
  source: SourceUnderTest,
  signal: string,
  count: number,
): Promise<readonly Outcome[]> {
  let found: readonly Outcome[] = [];
  await waitFor(
    `${count} outcomes of the signal`,
    async () => {
      found = (await incremental(source))?.outcomes.filter((one) => one.signal === signal) ?? [];
      return found.length >= count;
    },
    { timeoutMs: 60_000 },
  );
  return found;
}

async function send(source: SourceUnderTest, type: string, data: object | null): Promise<string> {
  const id = randomUUID();
  await source.sql("SELECT pg_logical_emit_message(true, 'hasivu.signal', $1)", [
    JSON.stringify({ id, type, data }),
  ]);
  return id;
}

test('a table is read again on a message, in chunks, while it is written to: the state is that of Postgres', async () => {
  await using source = await SourceUnderTest.create('incremental');
  await source.sql('CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL, body text)');
  await source.sql('INSERT INTO orders SELECT i, 0, md5(i::text) FROM generate_series(1, 30000) i');
  await source.start({ tables: ['public.orders'], postgres: 'snapshot: never' });
  let writing = true;
  const write = async (): Promise<void> => {
    for (let i = 1; writing; i++) {
      await source.sql('UPDATE orders SET n = n + 1 WHERE id % 97 = $1', [i % 97]);
      await source.sql('DELETE FROM orders WHERE id = $1', [i * 7]);
      await source.sql('UPDATE orders SET id = id + 100000 WHERE id = $1', [i * 11]);
      await source.sql('INSERT INTO orders VALUES ($1, 0, $2)', [200_000 + i, 'new']);
    }
  };
  const writer = write();
  const id = await send(source, 'execute-snapshot', { 'data-collections': ['public.orders'] });
  const [outcome] = await outcomesOf(source, id, 1);
  writing = false;
  await writer;
  await source.settled();
  expect(outcome).toMatchObject({ table: 'public.orders', result: 'done' });

  const events = (await source.events('public.orders')).sort(byPosition);
  expect(events.some((event) => event.op === 'r' && event.snapshot === 'incremental')).toBe(true);
  const rows = await source.sql<{ id: number; n: number; body: string }>('SELECT * FROM orders');
  const state = stateOf(events);
  expect(state.size).toBe(rows.length);
  for (const row of rows)
    expect([row.id, printed(state.get(printed({ id: row.id })))]).toEqual([row.id, printed(row)]);
}, 120_000);
