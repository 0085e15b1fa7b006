import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { DeltaTable, type HistoryEntry } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { ChangeFeed } from './change-feed.ts';
import type { DeltaSnapshot } from './read-delta.ts';
import { SinkFixture } from './sink-fixture.ts';

jest.setTimeout(300_000);

type Kind = 'int32' | 'int64' | 'string';
const column = (name: string, number: number, kind: Kind = 'string'): ColumnSchema => ({
  name,
  type: { kind },
  pgType: kind,
  origin: `7.${number}`,
});
const ID = column('id', 1, 'int32');
const tableOf = (table: string, ...columns: ColumnSchema[]): TableSchema => ({
  database: 'db',
  schema: 'public',
  table,
  columns: [ID, ...columns],
  key: ['id'],
});
const TOAST = '__debezium_unavailable_value';

/** `id: name=value …` of each row, nulls left out. */
function shown({ rows }: DeltaSnapshot): string[] {
  return rows
    .map((row) => {
      const values = Object.entries(row).filter(([name, value]) => !name.startsWith('_') && value !== null);
      return `${String(row['id'])}: ${values
        .filter(([name]) => name !== 'id')
        .map(([name, value]) => `${name}=${String(value)}`)
        .sort()
        .join(' ')}`;
    })
    .sort();
}

async function past(
  sink: SinkFixture,
  root: string,
): Promise<{ history: HistoryEntry[]; names: string[][] }> {
  const store = createS3Store(sink.lake);
  const around = { store, nowMs: Date.now, newId: randomUUID };
  try {
    const table = (await DeltaTable.open(root, around)) as DeltaTable;
    const names: string[][] = [];
    for (let version = 0; version <= table.state.version; version += 1) {
      const snapshot = await DeltaTable.openAt(root, { version }, around);
      names.push((snapshot?.state.schema.fields ?? []).map(({ name }) => name));
    }
    return { history: await table.history(), names };
  } finally {
    store.close();
  }
}

describe('columns of a table that is captured', () => {
  let sink: SinkFixture;
  let feed: ChangeFeed;
  beforeAll(async () => {
    sink = await SinkFixture.create('columns', {
      tables: { 'public.dropping': { onDrop: 'drop' }, 'public.people': { history: { type: 2 } } },
    });
    await sink.start();
    feed = await ChangeFeed.open(sink.kafka, tableOf('people', column('a', 2), column('n', 3, 'int32')));
  });
  afterAll(async () => {
    await feed[Symbol.asyncDispose]();
    await sink[Symbol.asyncDispose]();
  });
  const until = (what: string, ...wanted: string[]) =>
    sink.until('silver/public/people', what, (snapshot) => shown(snapshot).join() === wanted.join());

  test('are renamed with them: no file changes, rows of before have their values, and the past has the old name', async () => {
    await feed.send(
      { op: 'c', row: { id: 1, a: 'one', n: 1 } },
      { op: 'c', row: { id: 2, a: 'two', n: 2 } },
      { op: 'c', row: { id: 3, a: 'three', n: 3 } },
    );
    await until('the first rows', '1: a=one n=1', '2: a=two n=2', '3: a=three n=3');
    feed.alter([ID, column('b', 2), column('n', 3, 'int32')]);
    await feed.send({ op: 'u', row: { id: 2, b: 'zwei', n: 2 } });
    const { readerFeatures } = await until('the name', '1: b=one n=1', '2: b=zwei n=2', '3: b=three n=3');
    expect(readerFeatures).toEqual(['columnMapping']);
    const { history, names } = await past(sink, 'silver/public/people');
    const at = history.find(({ commitInfo }) => commitInfo?.operation === 'RENAME COLUMN')?.version ?? 0;
    expect([names[at - 1], names[at]].map((own) => own?.slice(0, 3))).toEqual([
      ['id', 'a', 'n'],
      ['id', 'b', 'n'],
    ]);
  });

  test('keep their name when a change of before comes later from another partition', async () => {
    feed.alter([ID, column('a', 2), column('n', 3, 'int32')]);
    await feed.send({ op: 'c', row: { id: 4, a: 'late', n: 4 }, lsn: 1_101n });
    feed.alter([ID, column('b', 2), column('n', 3, 'int32')]);
    await until('it', '1: b=one n=1', '2: b=zwei n=2', '3: b=three n=3', '4: b=late n=4');
  });

  test('have values from before the rename where a change lacks them', async () => {
    await feed.send({ op: 'u', row: { id: 3, b: TOAST, n: 33 }, unavailable: ['b'] });
    await until('the value', '1: b=one n=1', '2: b=zwei n=2', '3: b=three n=33', '4: b=late n=4');
  });

  test('swap names, come with new ones and are widened at once', async () => {
    feed.alter([ID, column('b', 2), column('n', 3, 'int32'), column('c', 4)]);
    await feed.send({ op: 'u', row: { id: 1, b: 'one', n: 1, c: 'C' } });
    feed.alter([ID, column('c', 2), column('m', 3, 'int64'), column('b', 4)]);
    await feed.send({ op: 'u', row: { id: 4, c: 'late', m: 2n ** 40n, b: 'B' } });
    await until(
      'all of it',
      '1: b=C c=one m=1',
      '2: c=zwei m=2',
      '3: c=three m=33',
      '4: b=B c=late m=1099511627776',
    );
  });

  test('stay when they are dropped, and make room for one that takes their name with another type', async () => {
    feed.alter([ID, column('c', 2), column('m', 3, 'int64')]);
    await feed.send({ op: 'u', row: { id: 2, c: 'zwei', m: 22n } });
    feed.alter([ID, column('c', 2), column('m', 3, 'int64'), column('b', 5, 'int32')]);
    await feed.send({ op: 'u', row: { id: 3, c: 'drei', m: 3n, b: 5 } });
    await until(
      'both',
      '1: b_was_4=C c=one m=1',
      '2: c=zwei m=22',
      '3: b=5 c=drei m=3',
      '4: b_was_4=B c=late m=1099511627776',
    );
    const bronze = await sink.read('bronze/public/people');
    const notes = bronze.rows
      .filter((row) => row['id'] === '3')
      .map((row) => [row['c'], row['_unavailable']]);
    expect(notes).toEqual(
      expect.arrayContaining([
        ['three', null],
        [null, ['a']],
        ['drei', null],
      ]),
    );
    const versions = await sink.read('history/public/people_scd2');
    const ofThree = versions.rows
      .filter((row) => row['id'] === '3')
      .map((row) => `${String(row['c'])}/${String(row['m'])}`);
    expect(ofThree.sort()).toEqual(['drei/3', 'three/3', 'three/33']);
  });

  test('go where they are to, and the change log keeps them', async () => {
    await using other = await ChangeFeed.open(
      sink.kafka,
      tableOf('dropping', column('a', 2), column('b', 3)),
    );
    await other.send({ op: 'c', row: { id: 1, a: 'A', b: 'B' } });
    other.alter([ID, column('b', 3)]);
    await other.send({ op: 'c', row: { id: 2, b: 'BB' } });
    other.alter([ID, column('b', 3), column('a', 4)]);
    await other.send({ op: 'u', row: { id: 2, b: 'BB', a: 'again' } });
    // The rows lie in two partitions: either may come first.
    const silver = await sink.until(
      'silver/public/dropping',
      'the rows',
      (snapshot) => snapshot.rows.length === 2 && shown(snapshot).includes('2: a=again b=BB'),
    );
    expect(shown(silver)).toEqual(['1: b=B', '2: a=again b=BB']);
    expect(shown(await sink.read('bronze/public/dropping'))).toEqual([
      '1: a_was_2=A b=B',
      '2: a=again b=BB',
      '2: b=BB',
    ]);
  });

  test('of one table that cannot follow stop that table, and no other', async () => {
    await using other = await ChangeFeed.open(sink.kafka, tableOf('stopping', column('a', 2)));
    await other.send({ op: 'c', row: { id: 1, a: 'A' } });
    await sink.until('silver/public/stopping', 'the row', (snapshot) => snapshot.rows.length === 1);
    other.alter([ID, column('b', 2, 'int32')]);
    await other.send({ op: 'c', row: { id: 2, b: 2 } });
    await feed.send({ op: 'd', row: { id: 1 } });
    await sink.until('silver/public/people', 'the next change', (snapshot) => snapshot.rows.length === 3);
    const output = sink.service.output.join('\n');
    expect(output).toMatch(/LAKE_SCHEMA_INCOMPATIBLE.*"b".*holds string.*sends integer/);
  });
});

test('where tables may not be mapped a renamed column is a new one beside the old', async () => {
  await using sink = await SinkFixture.create('columns-never', { columnMapping: 'never' });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('plain', column('a', 2)));
  await sink.start();
  await feed.send({ op: 'c', row: { id: 1, a: 'A' } });
  feed.alter([ID, column('b', 2)]);
  await feed.send({ op: 'c', row: { id: 2, b: 'B' } });
  const snapshot = await sink.until('silver/public/plain', 'both', ({ rows }) => rows.length === 2);
  expect([shown(snapshot), snapshot.readerFeatures]).toEqual([['1: a=A', '2: b=B'], []]);
});
