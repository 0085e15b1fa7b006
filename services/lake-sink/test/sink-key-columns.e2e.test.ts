import { expect, jest, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { createS3Store } from '@hasivu/object-store';
import { waitFor } from '@hasivu/testing';
import { ChangeFeed } from './change-feed.ts';
import type { DeltaSnapshot } from './read-delta.ts';
import { SinkFixture, type SinkConfig } from './sink-fixture.ts';

jest.setTimeout(300_000);

const int = (name: string, number: number): ColumnSchema => ({
  name,
  type: { kind: 'int32' },
  pgType: 'integer',
  origin: `7.${number}`,
});
const [PLANT, ID, N] = [int('plant', 1), int('id', 2), int('n', 3)];
const tableOf = (table: string): TableSchema => ({
  database: 'db',
  schema: 'public',
  table,
  columns: [PLANT, ID, N],
  key: ['plant', 'id'],
});

/** `name=value …` of each row without what the sink adds, in the lake's order. */
const shown = ({ rows }: DeltaSnapshot): string[] =>
  rows
    .map((row) =>
      Object.entries(row)
        .filter(([name, value]) => !name.startsWith('_') && value !== null)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' '),
    )
    .sort();

async function stoppedBy(sink: SinkFixture, code: string, told: RegExp): Promise<void> {
  const line = await waitFor('the table to stop', () =>
    sink.service.logs.find((one) => one['code'] === code),
  );
  expect(JSON.stringify(line)).toMatch(told);
}

test('key columns are renamed, renamed back and exchange their names: rows stay one each, deletes find them, late ones do not come back', async () => {
  await using sink = await SinkFixture.create('keys', {
    tables: { 'public.parts': { history: { type: 2 } } },
  });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('parts'));
  await sink.start();
  const until = (what: string, ...wanted: string[]): Promise<DeltaSnapshot> =>
    sink.until('silver/public/parts', what, (snapshot) => shown(snapshot).join() === wanted.join());
  await feed.send(...[1, 2, 3, 4].map((id) => ({ op: 'c', row: { plant: 9, id, n: id } }) as const));
  await until('the rows', 'plant=9 id=1 n=1', 'plant=9 id=2 n=2', 'plant=9 id=3 n=3', 'plant=9 id=4 n=4');
  feed.alter([PLANT, int('code', 2), N], ['plant', 'code']);
  await feed.send({ op: 'u', row: { plant: 9, code: 1, n: 11 } }, { op: 'd', row: { plant: 9, code: 2 } });
  // A change of before, of another partition's: it has the old names, and its row has a newer one already.
  feed.alter([PLANT, ID, N], ['plant', 'id']);
  await feed.send({ op: 'u', row: { plant: 9, id: 1, n: -1 }, lsn: 1_101n, seq: 0 });
  feed.alter([PLANT, int('code', 2), N], ['plant', 'code']);
  await feed.send({ op: 'u', row: { plant: 9, code: 4, n: 44 } });
  await until('the name', 'plant=9 code=1 n=11', 'plant=9 code=3 n=3', 'plant=9 code=4 n=44');
  feed.alter([int('code', 1), int('plant', 2), N], ['code', 'plant']);
  await feed.send({ op: 'u', row: { code: 9, plant: 3, n: 33 } }, { op: 'd', row: { code: 9, plant: 1 } });
  await until('the swap', 'code=9 plant=3 n=33', 'code=9 plant=4 n=44');
  feed.alter([PLANT, ID, N], ['plant', 'id']);
  await feed.send({ op: 'd', row: { plant: 9, id: 4 } }, { op: 'c', row: { plant: 3, id: 9, n: 39 } });
  await until('the names of before', 'plant=3 id=9 n=39', 'plant=9 id=3 n=33');
  const { rows } = await sink.until('history/public/parts_scd2', 'its end', (one) => one.rows.length === 9);
  const versions = rows.map((row) => {
    const end = row['_valid_to'] === null ? 'open' : 'ended';
    return `${String(row['plant'])}/${String(row['id'])}: ${String(row['n'])} ${end}`;
  });
  // The late change of row 1 is a version of its own.
  expect(versions.sort()).toEqual([
    '3/9: 39 open',
    '9/1: -1 ended',
    '9/1: 1 ended',
    '9/1: 11 ended',
    '9/2: 2 ended',
    '9/3: 3 ended',
    '9/3: 33 open',
    '9/4: 4 ended',
    '9/4: 44 ended',
  ]);
});

test('where tables may not be mapped a renamed key column stops that table, loses nothing, and its remedy brings all of it', async () => {
  const tables = { 'public.logged': { silver: false } };
  await using sink = await SinkFixture.create('keys-never', { columnMapping: 'never', tables });
  const [renamed, logged, other] = await Promise.all(
    ['renamed', 'logged', 'other'].map((table) => ChangeFeed.open(sink.kafka, tableOf(table))),
  );
  if (!renamed || !logged || !other) throw new Error('unreachable');
  try {
    await sink.start();
    await Promise.all(
      [renamed, logged].map((feed) => feed.send({ op: 'c', row: { plant: 1, id: 1, n: 1 } })),
    );
    await sink.until('silver/public/renamed', 'the row', ({ rows }) => rows.length === 1);
    await renamed.send({ op: 'u', row: { plant: 1, id: 1, n: 2 } });
    for (const feed of [renamed, logged]) {
      feed.alter([PLANT, int('code', 2), N], ['plant', 'code']);
      await feed.send(
        { op: 'c', row: { plant: 1, code: 2, n: 3 } },
        { op: 'd', row: { plant: 1, code: 1 } },
        { op: 'c', row: { plant: 1, code: 3, n: 4 } },
      );
    }
    await other.send({ op: 'c', row: { plant: 5, id: 5, n: 5 } });
    await sink.until('silver/public/other', 'the row', ({ rows }) => rows.length === 1);
    await sink.until('bronze/public/logged', 'all changes', ({ rows }) => rows.length === 4);
    await stoppedBy(sink, 'LAKE_KEY_CHANGED', /public\.renamed.*"id\\*".*columnMapping is never.*onDemand/);
    expect(shown(await sink.read('silver/public/renamed'))).toEqual(['plant=1 id=1 n=2']);
    // Again, and nothing is passed over.
    await sink.service.stop();
    await sink.start();
    await stoppedBy(sink, 'LAKE_KEY_CHANGED', /public\.renamed/);
    await sink.service.stop();
    const store = createS3Store(sink.lake);
    for (const folder of ['bronze/public/renamed', 'silver/public/renamed'])
      for (const key of await sink.keys(folder)) await store.delete(key);
    store.close();
    await sink.configure({ columnMapping: 'onDemand', tables });
    await sink.start();
    const wanted = ['plant=1 code=2 n=3', 'plant=1 code=3 n=4'].join();
    await sink.until('silver/public/renamed', 'all of it', (snapshot) => shown(snapshot).join() === wanted);
  } finally {
    for (const feed of [renamed, logged, other]) await feed[Symbol.asyncDispose]();
  }
});

test('a key column that was dropped, and another one with its name, stop that table', async () => {
  await using sink = await SinkFixture.create('keys-replaced');
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('parts'));
  await sink.start();
  await feed.send({ op: 'c', row: { plant: 1, id: 1, n: 1 } });
  await sink.until('silver/public/parts', 'the row', ({ rows }) => rows.length === 1);
  feed.alter([PLANT, N, int('id', 4)], ['plant', 'id']);
  await feed.send({ op: 'c', row: { plant: 1, id: 7, n: 2 } });
  await stoppedBy(sink, 'LAKE_KEY_CHANGED', /another column has taken its place/);
  expect(shown(await sink.read('silver/public/parts'))).toEqual(['plant=1 id=1 n=1']);
});

test('partitionBy that names a key column as it was called stops that table until it has the new name', async () => {
  const tables = (...columns: readonly string[]): NonNullable<SinkConfig['tables']> => ({
    'public.parts': { partitionBy: columns },
  });
  await using sink = await SinkFixture.create('keys-named', { tables: tables('id') });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('parts'));
  await sink.start();
  await feed.send({ op: 'c', row: { plant: 1, id: 1, n: 1 } }, { op: 'c', row: { plant: 1, id: 2, n: 1 } });
  await sink.until('silver/public/parts', 'the rows', ({ rows }) => rows.length === 2);
  feed.alter([PLANT, int('code', 2), N], ['plant', 'code']);
  await feed.send({ op: 'u', row: { plant: 1, code: 1, n: 2 } }, { op: 'd', row: { plant: 1, code: 2 } });
  await stoppedBy(sink, 'LAKE_SCHEMA_INCOMPATIBLE', /public\.parts.*partitionBy names the column .*\bid\b/);
  await sink.service.stop();
  await sink.configure({ tables: tables('code') });
  await sink.start();
  const wanted = 'plant=1 code=1 n=2';
  await sink.until('silver/public/parts', 'the rest', (snapshot) => shown(snapshot).join() === wanted);
});

test('a constraint that names a key column as it was called stops that table and is named', async () => {
  const constraints = { positive: 'id > 0' };
  await using sink = await SinkFixture.create('keys-check', { tables: { 'public.parts': { constraints } } });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('parts'));
  await sink.start();
  await feed.send({ op: 'c', row: { plant: 1, id: 1, n: 1 } });
  await sink.until('silver/public/parts', 'the row', ({ rows }) => rows.length === 1);
  feed.alter([PLANT, int('code', 2), N], ['plant', 'code']);
  await feed.send({ op: 'd', row: { plant: 1, code: 1 } });
  await stoppedBy(
    sink,
    'LAKE_SCHEMA_INCOMPATIBLE',
    /public\.parts.*"id.*delta\.constraints\.positive names it/,
  );
  expect(shown(await sink.read('silver/public/parts'))).toEqual(['plant=1 id=1 n=1']);
});

test('changes that are keyed by other columns stop their table behind what came before, and not its log alone', async () => {
  await using sink = await SinkFixture.create('keys-fewer', {
    tables: { 'public.logged': { silver: false } },
  });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('parts'));
  await using logged = await ChangeFeed.open(sink.kafka, tableOf('logged'));
  await sink.start();
  for (const one of [feed, logged]) {
    await one.send({ op: 'c', row: { plant: 1, id: 1, n: 1 } }, { op: 'c', row: { plant: 1, id: 2, n: 2 } });
    one.alter([PLANT, ID, N], ['plant']);
    await one.send({ op: 'd', row: { plant: 1 } });
  }
  await stoppedBy(sink, 'LAKE_KEY_CHANGED', /public\.parts.*\(plant, id\).*keyed by \(plant\)/);
  await sink.until('bronze/public/logged', 'all changes', ({ rows }) => rows.length === 3);
  expect(shown(await sink.read('silver/public/parts'))).toEqual(['plant=1 id=1 n=1', 'plant=1 id=2 n=2']);
});
