import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { ChangeFeed } from './change-feed.ts';
import { SinkFixture } from './sink-fixture.ts';

const column = (name: string, kind: 'int32' | 'int64' | 'string' | 'timestamptz'): ColumnSchema => ({
  name,
  type: { kind },
  pgType: kind,
});
const orders: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'orders',
  columns: [column('id', 'int32'), column('status', 'string'), column('note', 'string')],
  key: ['id'],
};
const row = (id: number, status: string, note: string | null = 'n') => ({ id, status, note });

describe('the sink keeps bronze and silver of a table', () => {
  let sink: SinkFixture;
  let feed: ChangeFeed;
  beforeAll(async () => {
    sink = await SinkFixture.create('sink');
    feed = await ChangeFeed.open(sink.kafka, orders);
    await sink.start();
  });
  afterAll(async () => {
    await feed[Symbol.asyncDispose]();
    await sink[Symbol.asyncDispose]();
  });
  const silver = async (what: string, wanted: readonly string[]) => {
    const snapshot = await sink.until(
      'silver/public/orders',
      what,
      ({ rows }) => shown(rows) === wanted.join(),
    );
    return snapshot.rows;
  };
  const shown = (rows: readonly Record<string, unknown>[]) =>
    rows
      .map((one) => `${one['id'] as string}=${one['status'] as string}/${String(one['note'])}`)
      .sort()
      .join();

  test('inserts, updates and deletes become the current state', async () => {
    await feed.send(
      { op: 'r', row: row(1, 'a') },
      { op: 'r', row: row(2, 'a') },
      { op: 'c', row: row(3, 'a') },
    );
    await silver('the snapshot', ['1=a/n', '2=a/n', '3=a/n']);
    await feed.send(
      { op: 'u', row: row(2, 'b') },
      { op: 'd', row: row(3, '') },
      { op: 'c', row: row(4, 'a') },
      { op: 'u', row: row(4, 'c') },
    );
    await silver('the changes', ['1=a/n', '2=b/n', '4=c/n']);
  });

  test('an unchanged TOAST value is taken from the earlier row, in the table or in the batch', async () => {
    await feed.send({
      op: 'u',
      row: row(1, 'toasted', '__debezium_unavailable_value'),
      unavailable: ['note'],
    });
    await silver('the old note', ['1=toasted/n', '2=b/n', '4=c/n']);
    await feed.send(
      { op: 'u', row: row(2, 'x', 'fresh') },
      { op: 'u', row: row(2, 'y', '__debezium_unavailable_value'), unavailable: ['note'] },
      { op: 'u', row: row(4, 'z', null) },
      { op: 'u', row: row(4, 'w', '__debezium_unavailable_value'), unavailable: ['note'] },
    );
    await silver('notes from the batch', ['1=toasted/n', '2=y/fresh', '4=w/null']);
  });

  test('a change of the key arrives as delete and create', async () => {
    await feed.send({ op: 'd', row: row(4, '') }, { op: 'c', row: row(40, 'moved') });
    await silver('the moved row', ['1=toasted/n', '2=y/fresh', '40=moved/n']);
  });

  test('TRUNCATE removes what came before it and nothing after, however the partitions race', async () => {
    const at = feed.lsn + 100n;
    await feed.send(
      { op: 't', partition: 0, seq: 5 },
      { op: 'c', row: row(50, 'after'), partition: 0, seq: 6 },
    );
    await silver('only the row after the TRUNCATE', ['50=after/n']);
    await feed.send(
      { op: 'c', row: row(51, 'late'), lsn: at, seq: 4, partition: 1 },
      { op: 'c', row: row(52, 'new'), partition: 1 },
    );
    await silver('the late row stays away', ['50=after/n', '52=new/n']);
  });

  test('bronze holds every change once, in a form that needs no silver to be understood', async () => {
    const bronze = await sink.read('bronze/public/orders');
    expect(new Set(bronze.rows.map((one) => `${String(one['_lsn'])}/${String(one['_seq'])}`)).size).toBe(
      bronze.rows.length,
    );
    expect(
      bronze.rows
        .map((one) => one['_op'])
        .sort()
        .join(''),
    ).toBe('ccccccddrrtuuuuuuu');
    const toasted = bronze.rows.filter((one) => one['_unavailable'] !== null);
    expect(toasted.map((one) => [one['note'], one['_unavailable']])).toEqual([
      [null, ['note']],
      [null, ['note']],
      [null, ['note']],
    ]);
    expect(bronze.rows.filter((one) => one['_op'] === 't').map((one) => one['id'])).toEqual([null]);
  });

  test('added and widened columns flow through, dropped ones stay null', async () => {
    feed.alter([column('id', 'int64'), column('status', 'string'), column('amount', 'int32')]);
    await feed.send({ op: 'c', row: { id: 6_000_000_000n, status: 'wide', amount: 7 } });
    const after = await sink.until('silver/public/orders', 'the wide row', ({ rows }) => rows.length === 3);
    expect(after.types).toMatchObject({ id: 'int64', note: 'string', amount: 'int32' });
    expect(after.rows).toContainEqual(
      expect.objectContaining({ id: '6000000000', status: 'wide', amount: '7', note: null }),
    );
    const bronze = await sink.until('bronze/public/orders', 'the wide row', ({ rows }) =>
      rows.some((one) => one['status'] === 'wide'),
    );
    expect(bronze.types['id']).toBe('int64');
    expect(bronze.rows.filter((one) => one['id'] === '2')).toHaveLength(4);
  });

  test('bytes that are no change event go to the dead-letter topic and the rest goes on', async () => {
    await feed.sendRaw(Buffer.from('not avro'));
    await feed.send({ op: 'c', row: { id: 7n, status: 'ok', amount: 1 } });
    await sink.until('silver/public/orders', 'the row after the damage', ({ rows }) =>
      rows.some((one) => one['id'] === '7'),
    );
    expect(await sink.service.metrics()).toMatch(/hasivu_dead_letters_total\{topic="[^"]*orders"\} 1/);
  });

  test('a restart continues where the tables end, and SIGTERM makes durable what was read', async () => {
    expect(await sink.service.stop()).toEqual({ code: 0, signal: null });
    const before = await sink.read('bronze/public/orders');
    await feed.send({ op: 'u', row: { id: 7n, status: 'again', amount: 2 } });
    await sink.start();
    await sink.until('silver/public/orders', 'the update', ({ rows }) =>
      rows.some((one) => one['status'] === 'again'),
    );
    const after = await sink.read('bronze/public/orders');
    expect(after.rows.length).toBe(before.rows.length + 1);
  });

  test('an impossible change stops that table with its reason and not the others', async () => {
    const other = await ChangeFeed.open(sink.kafka, { ...orders, table: 'other' });
    feed.alter([column('id', 'string'), column('status', 'string')]);
    await feed.send({ op: 'c', row: { id: 'text', status: 'bad' } });
    await other.send({ op: 'c', row: row(1, 'fine') });
    await sink.until('silver/public/other', 'the other table', ({ rows }) => rows.length === 1);
    expect(sink.service.logs.some((line) => line['code'] === 'LAKE_SCHEMA_INCOMPATIBLE')).toBe(true);
    expect(sink.service.running).toBe(true);
    await other[Symbol.asyncDispose]();
  });
});
