import { expect, jest, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { ChangeFeed } from './change-feed.ts';
import type { DeltaSnapshot } from './read-delta.ts';
import { SinkFixture } from './sink-fixture.ts';

jest.setTimeout(180_000);

const ID: ColumnSchema = { name: 'id', type: { kind: 'int32' }, pgType: 'integer', origin: '7.1' };
const A: ColumnSchema = { name: 'a', type: { kind: 'string' }, pgType: 'text', origin: '7.2' };
const X: ColumnSchema = {
  name: 'x',
  type: { kind: 'int32' },
  pgType: 'integer',
  origin: '7.3',
  initial: '5',
};
const AGAIN: ColumnSchema = { ...X, origin: '7.4', initial: '9' };
const BARE = [ID, A];
const table: TableSchema = { database: 'db', schema: 'public', table: 'people', columns: BARE, key: ['id'] };
const SILVER = 'silver/public/people';
const VERSIONS = 'history/public/versions';

const shown = ({ rows }: DeltaSnapshot, ...names: readonly string[]): string[] =>
  rows
    .map((row) =>
      ['id', ...names].map((name) => JSON.stringify(row[name] ?? null).replaceAll('"', '')).join(' '),
    )
    .sort((left, right) => Number(left.split(' ')[0]) - Number(right.split(' ')[0]));

test.each(['added', 'there from the start'])(
  'rows of after a column was dropped do not get its initial value, where it was %s',
  async (way) => {
    await using sink = await SinkFixture.create('dropped-initial', {
      tables: { 'public.people': { history: [{ type: 2, ignore: ['a'], name: 'versions' }] } },
    });
    await using feed = await ChangeFeed.open(sink.kafka, table, { partitions: 2 });
    const first = await sink.start();
    const [p0, p1] = [{ partition: 0 }, { partition: 1 }];
    const early = feed.lsn + 50n;
    if (way === 'added') {
      await feed.send({ op: 'c', row: { id: 6, a: 'old' }, ...p0 });
      await sink.until(SILVER, 'the first row', ({ rows }) => rows.length === 1);
    }
    feed.alter([...BARE, X]);
    await feed.send(
      { op: 'c', row: { id: 0, a: 'a', x: 70 }, ...p0 },
      { op: 'c', row: { id: 2, a: 'a', x: 71 }, ...p0 },
    );
    await sink.until(SILVER, 'rows with the column', ({ rows }) => rows.some((row) => row['id'] === '2'));
    await first.stop();

    // One batch has rows of before the column, of those that have it, and of after it.
    await feed.send({ op: 'c', row: { id: 1, a: 'a', x: 77 }, ...p0 });
    await feed.send({ op: 'u', row: { id: 2, a: 'a', x: null }, ...p0 });
    feed.alter(BARE);
    await feed.send({ op: 'c', row: { id: 3, a: 'after' }, ...p0 });
    await feed.send({ op: 'c', row: { id: 7, a: 'before' }, ...p1, lsn: early });
    const second = await sink.start();
    const old = way === 'added' ? ['6 5'] : [];
    const wanted = ['0 70', '1 77', '2 null', '3 null', ...old, '7 5'];
    const silver = await sink.until(SILVER, 'all rows', ({ rows }) => rows.length === wanted.length);
    expect(shown(silver, 'x')).toEqual(wanted);
    const versions = await sink.until(VERSIONS, 'all rows', ({ rows }) => rows.length > wanted.length);
    expect(
      shown({ ...versions, rows: versions.rows.filter((row) => row['_is_current'] === true) }, 'x'),
    ).toEqual(wanted);
    await second.stop();

    // Another column takes the name: the rows between lack that one, and had none of the other.
    await feed.send({ op: 'c', row: { id: 8, a: 'between' }, ...p1 });
    feed.alter([...BARE, AGAIN]);
    await feed.send({ op: 'c', row: { id: 9, a: 'a', x: 1 }, ...p0 });
    await sink.start();
    const both = [...wanted.map((row) => row.replace(/^(\d+) (.*)$/, '$1 9 $2')), '8 9 null', '9 1 null'];
    const renamed = await sink.until(
      SILVER,
      'the rows of all times',
      ({ rows }) => rows.length === both.length,
    );
    expect(shown(renamed, 'x', 'x_was_3')).toEqual(both);
    const told = await sink.until(
      VERSIONS,
      'the rows of all times',
      ({ rows }) => rows.some((row) => row['id'] === '9') && rows.some((row) => row['id'] === '8'),
    );
    expect(
      shown({ ...told, rows: told.rows.filter((row) => row['_is_current'] === true) }, 'x', 'x_was_3'),
    ).toEqual(both);
  },
);

test('a history told anew has null where a change came with null in the column, whichever partition was first', async () => {
  await using sink = await SinkFixture.create('early-null', {
    tables: { 'public.people': { history: [{ type: 2, ignore: ['a'], name: 'versions' }] } },
  });
  await using feed = await ChangeFeed.open(sink.kafka, table, { partitions: 2 });
  const [p0, p1] = [{ partition: 0 }, { partition: 1 }];
  const first = await sink.start();
  await feed.send({ op: 'c', row: { id: 1, a: 'a' }, ...p1 }, { op: 'c', row: { id: 2, a: 'a' }, ...p1 });
  await sink.until(SILVER, 'rows', ({ rows }) => rows.length === 2);
  const at = feed.lsn + 1_000n;
  feed.alter([...BARE, X]);
  await feed.send({ op: 'c', row: { id: 3, a: 'a', x: 1 }, ...p0, lsn: at });
  await sink.until(SILVER, 'the first with the column', ({ rows }) => rows.length === 3);
  await feed.send({ op: 'u', row: { id: 1, a: 'emptied', x: null }, ...p1, lsn: at - 400n });
  const versionsOf = async (a: string): Promise<string[]> => {
    const seen = await sink.until(VERSIONS, a, ({ rows }) => rows.some((row) => row['a'] === a));
    return shown(seen, 'x', 'a')
      .filter((row) => row.startsWith('1 '))
      .sort();
  };
  expect(await versionsOf('emptied')).toEqual(['1 5 a', '1 null emptied']);
  await first.stop();

  // It comes late: all changes of its key are told from the log.
  feed.alter(BARE);
  await feed.send(
    { op: 'd', row: { id: 1 }, ...p1, lsn: at - 500n },
    { op: 'c', row: { id: 1, a: 'again' }, ...p1, lsn: at - 500n, seq: 5 },
  );
  await sink.start();
  expect(await versionsOf('again')).toEqual(['1 5 a', '1 5 again', '1 null emptied']);
});
