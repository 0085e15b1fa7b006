import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { field, vacuumTable } from '@hasivu/delta';
import { MemoryStore } from '../../../object-store/src/index.ts';
import { TableBench } from '../../test/table-bench.ts';
import type { OpenTable } from '../index.ts';
import { retentionCutMs } from './core/retention-plan.ts';
import { retainTable, type RetainOptions, type RetainReport } from './retain-table.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 25, 9, 30);
const LOG = [
  field('id', 'long'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_committed_at', 'timestamp'),
  field('_op', 'string'),
];

let bench: TableBench;
let names = 0;
beforeAll(async () => {
  bench = await TableBench.open(new MemoryStore());
});
afterAll(() => bench[Symbol.asyncDispose]());

/** A row per day of these days before now, `from` the oldest; its id is the number of days. */
const days = (from: number, to: number): string =>
  `SELECT i::BIGINT AS id, (1000 - i)::BIGINT AS _lsn, 0::BIGINT AS _seq, to_timestamp(${NOW / 1000} - i * 86400) AS _committed_at, 'c' AS _op FROM range(${to}, ${from + 1}) r(i)`;

async function logOf(...ranges: (readonly [number, number])[]): Promise<OpenTable> {
  const table = await bench.create({ root: `bronze/public/r${(names += 1)}`, fields: LOG });
  for (const [from, to] of ranges) await bench.append(table, days(from, to));
  return table;
}

function retain(
  table: OpenTable,
  ageDays: number,
  more: Partial<RetainOptions> = {},
): Promise<RetainReport | null> {
  const cutMs = retentionCutMs(NOW, ageDays * DAY);
  return retainTable(bench.tools(table), {
    rule: { column: '_committed_at', cutMs },
    nowMs: () => bench.nowMs,
    ...more,
  });
}

const ids = async (table: OpenTable): Promise<number[]> =>
  (await bench.query(await bench.reopen(table.root), 'SELECT id FROM t ORDER BY id')).map((row) =>
    Number(row['id']),
  );
const upTo = (last: number, first = 0): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

describe('rows that are older than the retention', () => {
  test('go with whole files unread and out of mixed ones, and younger rows stay; a dry run says so before', async () => {
    const table = await logOf([99, 60], [59, 20], [19, 0]);
    const [whole, mixed, young] = [...table.delta.state.files.values()];
    const { version } = table.delta.state;
    expect(await retain(table, 30, { dryRun: true })).toMatchObject({
      wholeFiles: 1,
      wholeBytes: whole?.size,
      mixedFiles: 1,
      mixedBytes: mixed?.size,
      rows: 40,
      commits: 0,
    });
    expect(table.delta.state.version).toBe(version);
    expect(await retain(table, 30)).toMatchObject({ wholeFiles: 1, mixedFiles: 1, rows: 69, commits: 2 });
    // The cut is at midnight: what is older than thirty days by hours goes with the next day.
    expect(await ids(table)).toEqual(upTo(30));
    const paths = [...table.delta.state.files.keys()];
    expect(paths).toContain(young?.path);
    expect(paths).not.toContain(mixed?.path);
    const [entry] = await table.delta.history(1);
    expect(entry?.commitInfo).toMatchObject({
      operation: 'DELETE',
      operationParameters: { predicate: '["_committed_at < \'2026-10-26T00:00:00.000Z\'"]' },
    });
    expect(await retain(table, 30)).toMatchObject({ wholeFiles: 0, mixedFiles: 0, rows: 0, commits: 0 });
  });

  test('are gone from the store after a vacuum, and not before', async () => {
    const table = await logOf([99, 60], [59, 20]);
    const objects = async (): Promise<number> => {
      let found = 0;
      for await (const { key } of bench.store.list(`${table.root}/part-`)) found += Number(key !== '');
      return found;
    };
    await retain(table, 30);
    await vacuumTable(table.delta, bench.around);
    expect(await objects()).toBe(3);
    const later = { ...bench.around, nowMs: () => bench.nowMs + 8 * DAY };
    await vacuumTable(table.delta, later);
    expect(await objects()).toBe(1);
    expect(await ids(table)).toEqual(upTo(30, 20));
  });

  test('are told by dates, times without a zone and partitions too; rows without a value stay', async () => {
    const fields = [field('id', 'long'), field('day', 'date'), field('at', 'timestamp_ntz')];
    const rows = `SELECT i::BIGINT AS id, CASE WHEN i < 95 THEN (TIMESTAMP '2026-11-25' - to_days(i::INTEGER))::DATE END AS day,
      CASE WHEN i < 95 THEN TIMESTAMP '2026-11-25 08:00:00' - to_days(i::INTEGER) END AS at FROM range(0, 100) r(i)`;
    for (const column of ['day', 'at']) {
      const table = await bench.create({ root: `silver/public/r${(names += 1)}`, fields });
      await bench.append(table, rows);
      const rule = { column, cutMs: retentionCutMs(NOW, 30 * DAY) };
      expect(await retainTable(bench.tools(table), { rule, nowMs: () => NOW })).toMatchObject({ rows: 64 });
      expect(await ids(table)).toEqual([...upTo(30), ...upTo(99, 95)]);
    }
    const parted = await bench.create({
      root: `silver/public/r${(names += 1)}`,
      fields,
      partitionColumns: ['day'],
    });
    for (const day of ['2026-10-01', '2026-11-20', null])
      await bench.append(parted, 'SELECT 1::BIGINT AS id, NULL::TIMESTAMP AS at', { day });
    const rule = { column: 'day', cutMs: retentionCutMs(NOW, 30 * DAY) };
    expect(await retainTable(bench.tools(parted), { rule, nowMs: () => NOW })).toMatchObject({
      wholeFiles: 1,
      mixedFiles: 0,
      rows: 1,
    });
  });

  test('that were marked deleted do not come back with the file that is written anew', async () => {
    const table = await logOf([59, 0]);
    await bench.mark(table, 'id % 2 = 1');
    expect(await retain(table, 30)).toMatchObject({ mixedFiles: 1, rows: 14 });
    expect(await ids(table)).toEqual(upTo(15).map((half) => half * 2));
  });

  test('are told to the change data feed of the table, and those that stay are not', async () => {
    const configuration = { 'delta.enableChangeDataFeed': 'true' };
    const table = await bench.create({ root: `bronze/public/r${(names += 1)}`, fields: LOG, configuration });
    await bench.append(table, days(59, 20));
    expect(await retain(table, 30)).toMatchObject({ mixedFiles: 1, rows: 29 });
    expect(await ids(table)).toEqual(upTo(30, 20));
    const version = String(table.delta.state.version).padStart(20, '0');
    const commit = Buffer.from(
      (await bench.store.get(`${table.root}/_delta_log/${version}.json`)) ?? [],
    ).toString();
    const cdc = commit.split('\n').filter((line) => line.startsWith('{"cdc"'));
    expect(cdc).toHaveLength(1);
    const { path } = (JSON.parse(cdc[0] as string) as { cdc: { path: string } }).cdc;
    const local = await bench.cache.pathOf(`${table.root}/${path}`);
    const told = await bench.engine.exclusively('reading changes', (session) =>
      session.rows(
        `SELECT min(id) AS least, max(id) AS most, count(1) AS n, any_value(_change_type) AS type FROM read_parquet('${local}')`,
      ),
    );
    expect(told).toEqual([{ least: '31', most: '59', n: '29', type: 'delete' }]);
  });

  test('are not looked for in a table without the column', async () => {
    const table = await bench.create({
      root: `bronze/public/r${(names += 1)}`,
      fields: [field('id', 'long')],
    });
    expect(await retain(table, 1)).toBeNull();
  });
});

test('nothing goes before its age, and a file across the cut is written anew once a day', () => {
  for (const age of [3, 30]) {
    const cuts = new Set<number>();
    for (let hour = 0; hour < 24; hour += 1) {
      const nowMs = Date.UTC(2026, 10, 25, hour, 59);
      const cut = retentionCutMs(nowMs, age * DAY);
      expect(cut).toBeLessThanOrEqual(nowMs - age * DAY);
      cuts.add(cut);
    }
    expect(cuts.size).toBe(1);
  }
  expect(retentionCutMs(NOW, 5 * 3_600_000)).toBe(Date.UTC(2026, 10, 25, 4));
});
