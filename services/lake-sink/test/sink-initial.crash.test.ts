import { setTimeout as sleep } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { ChangeFeed, type Change, type Row } from './change-feed.ts';
import { readVersionedChanges } from './read-changes.ts';
import { MARK_ALWAYS, SinkFixture } from './sink-fixture.ts';

jest.setTimeout(300_000);

const ID: ColumnSchema = { name: 'id', type: { kind: 'int32' }, pgType: 'integer', origin: '7.1' };
const A: ColumnSchema = { name: 'a', type: { kind: 'string' }, pgType: 'text', origin: '7.2' };
const X: ColumnSchema = {
  name: 'x',
  type: { kind: 'decimal', precision: 9, scale: 2 },
  pgType: 'numeric(9,2)',
  origin: '7.3',
  initial: '-5.50',
};
const TAGS: ColumnSchema = {
  name: 'tags',
  type: { kind: 'array', element: { kind: 'string' } },
  pgType: 'text[]',
  origin: '7.4',
  initial: ["it's", null],
};
const BEFORE = [ID, A];
const AFTER = [ID, A, X, TAGS];
const table: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'people',
  columns: BEFORE,
  key: ['id'],
};
const SILVER = 'silver/public/people';

const wrote = (op: Change['op'], row: Row, more: Partial<Change> = {}): Change => ({ op, row, ...more });
const shown = (row: Readonly<Record<string, unknown>>): string =>
  `${String(row['id'])} ${String(row['a'])} ${JSON.stringify(row['x'] ?? null)} ${JSON.stringify(row['tags'] ?? null)}`;
const DEFAULTS = `"-5.50" ["it's",null]`;

// The state rewritten and not committed; the change log changed and the state not, the state and the history not.
const WAYS = ['columns-rewritten:1', 'columns-changed:1', 'columns-changed:2', 'state-committed:1'];

test.each(WAYS)(
  'killed at %s, the next start gives rows of before a column what the source says they have, and no other row',
  async (failpoint) => {
    await using sink = await SinkFixture.create('initial', {
      deletionVectors: MARK_ALWAYS,
      tables: {
        'public.people': { changeDataFeed: true, history: [{ type: 2, ignore: ['a'], name: 'versions' }] },
      },
    });
    await using feed = await ChangeFeed.open(sink.kafka, table, { partitions: 3 });
    const ids = Array.from({ length: 12 }, (_, id) => id);
    const place = (id: number): Partial<Change> => ({ partition: id % 3 });
    const first = await sink.start();
    await feed.send(...ids.map((id) => wrote('c', { id, a: `a${id}` }, place(id))));
    await sink.until(SILVER, 'the rows', ({ rows }) => rows.length === 12);
    await first.stop();

    const killed = await sink.start(failpoint);
    feed.alter(AFTER);
    const at = feed.lsn + 1_000n;
    // The first that comes is not the first that was written: partition 1 has older ones of both shapes.
    await feed.send(wrote('u', { id: 0, a: 'a0', x: 900n, tags: [] }, { ...place(0), lsn: at }));
    for (let n = 0; killed.running && n < 60; n += 1) {
      await Promise.race([killed.exited, sleep(500)]);
      if (!killed.running) break;
      await feed.send(
        wrote('u', { id: 0, a: `n${n}`, x: 900n, tags: [] }, { ...place(0), lsn: at, seq: n + 1 }),
      );
    }
    expect((await killed.exited).signal).toBe('SIGKILL');
    const old = { ...place(1), lsn: at - 500n };
    feed.alter(BEFORE);
    await feed.send(
      wrote('u', { id: 1, a: 'late' }, old),
      wrote('c', { id: 100, a: 'new of old' }, { ...old, seq: 1 }),
      wrote('u', { id: 4, a: 'late too' }, { ...old, seq: 2 }),
    );
    feed.alter(AFTER);
    await feed.send(
      wrote('u', { id: 7, a: 'emptied', x: null, tags: null }, { ...place(1), lsn: at - 400n }),
      wrote('u', { id: 4, a: 'later', x: null, tags: ['t'] }, { ...place(1), lsn: at - 400n, seq: 1 }),
      wrote('u', { id: 2, a: 'touched', x: -550n, tags: ["it's", null] }, { ...place(2), lsn: at + 100n }),
    );
    await sink.start();
    const wanted = [
      ...ids.filter((id) => ![0, 1, 2, 4, 7].includes(id)).map((id) => `${id} a${id} ${DEFAULTS}`),
      `1 late ${DEFAULTS}`,
      `2 touched ${DEFAULTS}`,
      '4 later null ["t"]',
      '7 emptied null null',
      `100 new of old ${DEFAULTS}`,
    ].sort();
    const settled = ({ rows }: { rows: readonly Readonly<Record<string, unknown>>[] }): string[] =>
      rows
        .filter((row) => row['id'] !== '0')
        .map(shown)
        .sort();
    const silver = await sink.until(
      SILVER,
      'every value',
      (snapshot) => JSON.stringify(settled(snapshot)) === JSON.stringify(wanted),
    );
    expect(silver.rows.find((row) => row['id'] === '0')).toMatchObject({ x: '9.00', tags: [] });

    const versions = await sink.until('history/public/versions', 'the versions', ({ rows }) =>
      rows.some((row) => row['a'] === 'later'),
    );
    const of = (id: string) => versions.rows.filter((row) => row['id'] === id);
    // A change of nothing but what the source had given the row already is no version.
    expect(of('2').map((row) => [row['x'], row['_is_current']])).toEqual([['-5.50', true]]);
    expect(of('3').map((row) => [row['x'], row['tags']])).toEqual([['-5.50', ["it's", null]]]);
    expect(of('100').map((row) => row['x'])).toEqual(['-5.50']);
    // What came with the column before the first that was seen with it keeps its null.
    expect(of('7').map((row) => [row['a'], row['x']])).toEqual(
      expect.arrayContaining([
        ['a7', '-5.50'],
        ['emptied', null],
      ]),
    );
    expect(
      of('4')
        .filter((row) => row['_is_current'])
        .map((row) => row['x']),
    ).toEqual([null]);
    expect(
      of('0')
        .map((row) => row['x'])
        .sort(),
    ).toEqual(['-5.50', '9.00']);

    const { versions: states, changes } = await readVersionedChanges(sink.lake, SILVER, 0);
    for (const [version, rows] of states.entries()) {
      const told = changes.filter((row) => Number(row['_commit_version']) === version);
      const befores = new Set((states[version - 1] ?? []).map(shown));
      const came = told.filter((row) => ['insert', 'update_postimage'].includes(String(row['_change_type'])));
      const now = rows.map(shown).filter((row) => !befores.has(row));
      expect({ version, rows: now.filter((row) => !came.map(shown).includes(row)) }).toEqual({
        version,
        rows: [],
      });
    }
    const bronze = await sink.read('bronze/public/people');
    const recorded = bronze.rows.filter((row) => ['100', '3'].includes(String(row['id'])));
    expect(recorded.map((row) => row['x'])).toEqual([null, null]);
  },
);
