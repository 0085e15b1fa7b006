import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import type { HistoryForm } from '../src/core/history/history-form.ts';
import { ChangeFeed, type Change } from './change-feed.ts';
import {
  oracleRow,
  oracleVersions,
  sourceStateAt,
  type OracleVersion,
  type SourceChange,
} from './history-oracle.ts';
import { batches, COLUMNS, FORMS, sourceChanges } from './history-streams.ts';
import type { DeltaRow } from './read-delta.ts';
import { SinkFixture } from './sink-fixture.ts';

const column = (name: string, kind: 'int32' | 'int64' | 'string'): ColumnSchema => ({
  name,
  type: { kind },
  pgType: kind,
});
const things: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'things',
  columns: [
    column('id', 'int32'),
    column('a', 'string'),
    column('n', 'int32'),
    column('big', 'string'),
    column('u', 'int64'),
  ],
  key: ['id'],
};
const PARTITIONS = 3;

const forms = Object.values(FORMS);
const nameOf = (form: HistoryForm): string => `h${forms.indexOf(form)}`;
const declared = forms.map((form) => ({
  type: form.type,
  name: nameOf(form),
  ...(form.track === null ? {} : { track: form.track }),
  ...(form.ignore.length === 0 ? {} : { ignore: form.ignore }),
  ...(form.retain === null ? {} : { retain: form.retain }),
  ...(form.overwrite.length === 0 ? {} : { overwrite: form.overwrite }),
  ...(form.previous.length === 0 ? {} : { previous: form.previous }),
}));

function eventOf({ op, lsn, seq, at, key, values, unavailable }: SourceChange, partition: number): Change {
  const sent = Object.fromEntries(
    COLUMNS.map((name) => {
      const value = unavailable.includes(name) ? '__debezium_unavailable_value' : (values[name] ?? null);
      return [name, name === 'u' && typeof value === 'number' ? BigInt(value) : value];
    }),
  );
  return {
    op,
    lsn: BigInt(lsn),
    seq,
    committedMs: at * 1000,
    partition,
    ...(op === 't' ? {} : { row: op === 'd' ? { id: key } : { id: key, ...sent } }),
    ...(unavailable.length === 0 ? {} : { unavailable }),
  };
}

/** A row as `readDelta` prints it. */
function printed(row: Readonly<Record<string, unknown>>): DeltaRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (name.startsWith('_valid') && typeof value === 'number')
        return [name, new Date(value * 1000).toISOString().replace('.000Z', '+00:00')];
      return [name, typeof value === 'number' ? String(value) : value];
    }),
  );
}

function sorted(rows: readonly DeltaRow[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}

const OPEN_ONLY = new Set(['_valid_to', '_to_lsn', '_to_seq']);

/** Tables of a form, each with the rows that the oracle says. */
function expectedTables(form: HistoryForm, versions: readonly OracleVersion[]): Map<string, DeltaRow[]> {
  const root = `history/public/${nameOf(form)}`;
  const open = versions.filter((version) => version.to === null);
  const row = (version: OracleVersion): DeltaRow => printed(oracleRow(form, version, COLUMNS));
  const current = open.map((version) =>
    Object.fromEntries(Object.entries(row(version)).filter(([name]) => !OPEN_ONLY.has(name))),
  );
  if (form.type === 2 || form.type === 6)
    return new Map([
      [root, versions.map((version) => ({ ...row(version), _is_current: version.to === null }))],
    ]);
  if (form.type !== 4) return new Map([[root, current]]);
  return new Map([
    [root, current],
    [`${root}_history`, versions.filter((version) => version.to !== null).map(row)],
  ]);
}

describe('the histories of a table', () => {
  let sink: SinkFixture;
  let feed: ChangeFeed;
  const [drawn] = fc.sample(
    sourceChanges({ min: 260, max: 300, keys: 25 }).chain((changes) =>
      fc.record({ changes: fc.constant(changes), sent: batches(changes) }),
    ),
    { numRuns: 1, seed: 20_261_125 },
  );
  const { changes, sent } = drawn as { changes: SourceChange[]; sent: SourceChange[][] };
  beforeAll(async () => {
    sink = await SinkFixture.create('history', { tables: { 'public.things': { history: declared } } });
    feed = await ChangeFeed.open(sink.kafka, things, { partitions: PARTITIONS });
    await sink.start();
  });
  afterAll(async () => {
    await feed[Symbol.asyncDispose]();
    await sink[Symbol.asyncDispose]();
  });

  test('of every type equal the brute-force ones, read by deltalake, when changes come in any order and again', async () => {
    let at = 0;
    const half = Math.floor(sent.length / 2);
    for (const [place, batch] of sent.entries()) {
      await feed.send(...batch.map((change) => eventOf(change, (at += 7) % PARTITIONS)));
      // A restart in the middle: what the tables hold is all that the next life knows.
      if (place === half) {
        expect(await sink.service.stop()).toEqual({ code: 0, signal: null });
        await sink.start();
      }
    }
    for (const form of forms) {
      const versions = oracleVersions(form, COLUMNS, sent.flat());
      for (const [root, rows] of expectedTables(form, versions)) {
        const wanted = sorted(rows).join('\n');
        await sink
          .until(root, 'the oracle’s rows', (table) => sorted(table.rows).join('\n') === wanted)
          .catch(async () => expect(sorted((await sink.read(root)).rows)).toEqual(sorted(rows)));
      }
    }
  });

  test('of type 2 read as of each LSN is the source at that LSN, and as of each time too', async () => {
    const { rows, partitionColumns } = await sink.read(
      `history/public/${nameOf(FORMS['type 2'] as HistoryForm)}`,
    );
    expect(partitionColumns).toEqual(['_is_current']);
    const stateOf = (valid: readonly DeltaRow[]) =>
      sorted(
        valid.map((row) => Object.fromEntries(['id', ...COLUMNS].map((name) => [name, row[name]] as const))),
      );
    const wanted = (lsn: number) =>
      sorted([...sourceStateAt(COLUMNS, changes, lsn)].map(([id, values]) => printed({ id, ...values })));
    for (const { lsn } of changes) {
      const valid = rows.filter(
        (row) => Number(row['_from_lsn']) <= lsn && (row['_to_lsn'] === null || Number(row['_to_lsn']) > lsn),
      );
      expect(stateOf(valid)).toEqual(wanted(lsn));
    }
    // After everything that was committed by then.
    for (const at of new Set(changes.map((change) => change.at))) {
      const time = (value: unknown): number => Date.parse(value as string) / 1000;
      const valid = rows.filter(
        (row) => time(row['_valid_from']) <= at && (row['_valid_to'] === null || time(row['_valid_to']) > at),
      );
      const last = Math.max(...changes.filter((change) => change.at <= at).map((change) => change.lsn));
      expect(stateOf(valid)).toEqual(wanted(last));
    }
  });
});

test('a history that is declared later has everything that bronze has, and goes on from there', async () => {
  const named = { type: 2, ignore: ['u'], name: 'late' };
  await using sink = await SinkFixture.create('history-late', {
    tables: { 'public.things': { partitionBy: ['a'] } },
  });
  await using feed = await ChangeFeed.open(sink.kafka, things, { partitions: PARTITIONS });
  await sink.start();
  const row = { a: 'x', n: 1, big: 'y', u: 1n };
  await feed.send(...[1, 2, 3].map((id): Change => ({ op: 'c', row: { ...row, id } })));
  await feed.send({ op: 'u', row: { ...row, id: 1, n: 2, a: 'y' } }, { op: 'd', row: { id: 2 } });
  await sink.until('silver/public/things', 'two rows', ({ rows }) => rows.length === 2);
  await sink.until('bronze/public/things', 'five changes', ({ rows }) => rows.length === 5);
  expect(await sink.service.stop()).toEqual({ code: 0, signal: null });
  await sink.configure({
    tables: { 'public.things': { partitionBy: ['a'], history: [named, { type: 4 }] } },
  });
  await sink.start();
  const show = (rows: readonly DeltaRow[]): string[] =>
    rows.map((one) => [one['id'], one['n'], one['_to_lsn'] ?? null].map(String).join(' ')).sort();
  const at = String(feed.lsn);
  await sink.until(
    'history/public/late',
    'the versions of bronze',
    ({ rows }) => show(rows).join() === [`1 1 ${at}`, '1 2 null', `2 1 ${at}`, '3 1 null'].join(),
  );
  await feed.send({ op: 'u', row: { ...row, id: 3, n: 5 } });
  await sink.until(
    'history/public/late',
    'the version that followed',
    ({ rows }) =>
      show(rows).join() === [`1 1 ${at}`, '1 2 null', `2 1 ${at}`, `3 1 ${feed.lsn}`, '3 5 null'].join(),
  );
  await sink.until(
    'history/public/things_scd4',
    'newest rows',
    ({ rows }) => show(rows).join() === '1 2 null,3 5 null',
  );
  await sink.until(
    'history/public/things_scd4_history',
    'superseded versions',
    ({ rows }) => show(rows).join() === [`1 1 ${at}`, `2 1 ${at}`, `3 1 ${feed.lsn}`].join(),
  );
});

describe('a history follows its table', () => {
  test('through added and widened columns', async () => {
    await using sink = await SinkFixture.create('history-ddl', {
      tables: { 'public.things': { history: [{ type: 2 }, { type: 3, previous: ['n'] }] } },
    });
    await using feed = await ChangeFeed.open(sink.kafka, {
      ...things,
      columns: [column('id', 'int32'), column('n', 'int32')],
    });
    await sink.start();
    await feed.send({ op: 'c', row: { id: 1, n: 1 } }, { op: 'c', row: { id: 2, n: 1 } });
    await feed.send({ op: 'u', row: { id: 1, n: 2 } });
    await sink.until('history/public/things_scd2', 'three versions', ({ rows }) => rows.length === 3);
    feed.alter([column('id', 'int32'), column('n', 'int64'), column('added', 'string')]);
    await feed.send(
      { op: 'u', row: { id: 1, n: 6_000_000_000n, added: 'x' } },
      { op: 'u', row: { id: 2, n: 1n, added: null } },
    );
    const show = (rows: readonly DeltaRow[]): string[] =>
      rows.map((row) => [row['id'], row['n'], row['added'], row['_is_current']].map(String).join(' ')).sort();
    const after = await sink.until('history/public/things_scd2', 'four', ({ rows }) => rows.length === 4);
    expect(show(after.rows)).toEqual([
      '1 1 null false',
      '1 2 null false',
      '1 6000000000 x true',
      '2 1 null true',
    ]);
    expect(after.types).toMatchObject({ n: 'int64', added: 'string', _is_current: 'bool' });
    const third = await sink.until('history/public/things_scd3', 'the wide row', ({ rows }) =>
      rows.some((row) => row['n'] === '6000000000'),
    );
    expect(third.types['_previous_n']).toBe('int64');
    expect(third.rows.find((row) => row['id'] === '1')).toMatchObject({ _previous_n: '2', added: 'x' });
  });

  test.each([
    ['a column that there is not', { type: 2, track: ['gone'] }, things, 'the column "gone"'],
    ['a table without a key', { type: 2 }, { ...things, key: [] }, 'has no key'],
  ])('%s stops that table with its reason and not the others', async (_, history, table, reason) => {
    await using sink = await SinkFixture.create('history-bad', {
      tables: { 'public.things': { history } },
    });
    await using feed = await ChangeFeed.open(sink.kafka, table);
    await using other = await ChangeFeed.open(sink.kafka, { ...things, table: 'other' });
    await sink.start();
    const row = { id: 1, a: 'x', n: 1, big: 'y', u: 1n };
    await feed.send({ op: 'c', row });
    await other.send({ op: 'c', row });
    await sink.until('silver/public/other', 'the other table', ({ rows }) => rows.length === 1);
    const told = sink.service.logs.find((line) => line['code'] === 'LAKE_SCHEMA_INCOMPATIBLE');
    expect(String(told?.['msg'])).toContain(reason);
    expect(sink.service.running).toBe(true);
  });
});
