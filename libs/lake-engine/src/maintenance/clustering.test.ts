import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { field, parseStatistics, type DeltaType } from '@hasivu/delta';
import { MemoryStore } from '../../../object-store/src/index.ts';
import { TableBench } from '../../test/table-bench.ts';
import type { OpenTable } from '../index.ts';
import { compareBounds } from '../compare-bounds.ts';
import { OPTIMIZE_ALL, type OptimizeRule } from './core/optimize-plan.ts';
import { optimizeTable, type OptimizeReport } from './optimize-table.ts';

// More columns before those of the order than statistics cover.
const PADDING = Array.from({ length: 33 }, (_, at) => field(`pad${at}`, 'integer'));
const COLUMNS = [
  field('id', 'long'),
  ...PADDING,
  field('tenant', 'integer'),
  field('created', 'timestamp'),
  field('code', 'string'),
  field('amount', 'decimal(12,2)'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_op', 'string'),
];
const NAMES = ['tenant', 'created'];

let bench: TableBench;
let names = 0;
beforeAll(async () => {
  bench = await TableBench.open(new MemoryStore());
});
afterAll(() => bench[Symbol.asyncDispose]());

/** Rows whose tenant, time, code and amount have nothing to do with each other, nor with the order they come in. */
const rows = (from: number, to: number): string =>
  `SELECT i::BIGINT AS id, ${PADDING.map((pad) => `0::INTEGER AS ${pad.name}`).join(', ')},
  CASE WHEN i % 1000 = 7 THEN NULL ELSE (hash(i) % 500)::INTEGER END AS tenant,
  to_timestamp(1780000000 + (hash(i, 1) % 31536000)::BIGINT) AS created, md5(i::VARCHAR) AS code,
  ((hash(i, 3) % 1000000) / 100)::DECIMAL(12,2) AS amount,
  i::BIGINT AS _lsn, 0::BIGINT AS _seq, 'c' AS _op FROM range(${from}, ${to}) r(i)`;

async function tableOf(files: number, perFile: number): Promise<OpenTable> {
  const table = await bench.create({ root: `bronze/public/c${(names += 1)}`, fields: COLUMNS });
  for (let n = 0; n < files; n += 1) await bench.append(table, rows(n * perFile, (n + 1) * perFile));
  return table;
}

function cluster(table: OpenTable, rule: Partial<OptimizeRule> = {}): Promise<OptimizeReport> {
  return optimizeTable(bench.tools(table), {
    rule: { ...OPTIMIZE_ALL, clusterBy: NAMES, ...rule },
    nowMs: () => bench.nowMs,
  });
}

/** Files that a reader of `column BETWEEN low AND high` cannot leave out. */
function filesRead(table: OpenTable, column: string, low: string, high: string): number {
  const type = COLUMNS.find((own) => own.name === column)?.type as DeltaType;
  return [...table.delta.state.files.values()].filter(({ stats }) => {
    const bounds = parseStatistics(stats).columns.get(column);
    if (bounds?.min === undefined || bounds.max === undefined) return true;
    const below = compareBounds(type, bounds.max, low);
    const above = compareBounds(type, bounds.min, high);
    return !((below !== null && below < 0) || (above !== null && above > 0));
  }).length;
}

// Away from the middle of the values, where the curve is cut first: a range across it is in both halves.
const PREDICATES: readonly (readonly [string, string, string])[] = [
  ['tenant', '42', '44'],
  ['created', '2026-08-01T00:00:00.000Z', '2026-08-03T00:00:00.000Z'],
  ['code', '31', '32'],
  ['amount', '1500.00', '1550.00'],
];

describe('a table along a Z-order', () => {
  test('is read by fewer files for a selective predicate on each of its columns, and holds the same rows', async () => {
    const table = await tableOf(8, 50_000);
    const before = await bench.digest(table);
    const size = [...table.delta.state.files.values()].reduce((sum, file) => sum + file.size, 0);
    const unsorted = await cluster(table, { clusterBy: [], targetBytes: Math.ceil(size / 16) });
    expect(unsorted.filesAdded).toBe(0);
    const files = table.delta.state.files.size;
    // Nothing is known of columns behind the 32nd, and values are spread over all files.
    expect(PREDICATES.map(([column, low, high]) => filesRead(table, column, low, high))).toEqual([
      files,
      files,
      files,
      files,
    ]);
    const two = await cluster(table, { targetBytes: Math.ceil(size / 16) });
    expect(two.filesAdded).toBeGreaterThanOrEqual(8);
    const shares = PREDICATES.slice(0, 2).map(
      ([column, low, high]) => filesRead(table, column, low, high) / table.delta.state.files.size,
    );
    for (const share of shares) expect(share).toBeLessThan(0.7);
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);

    await cluster(table, { clusterBy: ['code', 'amount'], targetBytes: Math.ceil(size / 16) });
    const others = PREDICATES.slice(2).map(
      ([column, low, high]) => filesRead(table, column, low, high) / table.delta.state.files.size,
    );
    for (const share of others) expect(share).toBeLessThan(0.7);
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
  });

  test('is tagged as Spark tags it, left alone the next time, and takes what came since', async () => {
    const table = await tableOf(4, 2_000);
    await cluster(table);
    const tags = [...table.delta.state.files.values()].map((file) => file.tags);
    expect(tags).toEqual(
      tags.map(() => ({
        ZCUBE_ID: tags[0]?.['ZCUBE_ID'],
        ZCUBE_ZORDER_BY: '["tenant","created"]',
        ZCUBE_ZORDER_CURVE: 'zorder',
      })),
    );
    const [entry] = await table.delta.history(1);
    expect(entry?.commitInfo?.operationParameters).toMatchObject({ zOrderBy: '["tenant","created"]' });
    expect(await cluster(table)).toMatchObject({ commits: 0 });

    await bench.append(table, rows(8_000, 8_500));
    // Few rows do not have the whole cube sorted again, unless somebody asks for it.
    expect(await cluster(table, { growth: 0.5 })).toMatchObject({ commits: 0 });
    const before = await bench.digest(table);
    expect(await cluster(table)).toMatchObject({ commits: 1, filesRemoved: 2 });
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
    expect(await cluster(table, { clusterBy: ['code'] })).toMatchObject({ commits: 1 });
  });

  test('with only nulls, one value, or one row is sorted all the same', async () => {
    const table = await bench.create({ root: `bronze/public/c${(names += 1)}`, fields: COLUMNS });
    const odd = (column: string): string =>
      rows(0, 50).replace(/CASE WHEN[^]*?END AS tenant/u, `${column} AS tenant`);
    await bench.append(table, odd('NULL::INTEGER'));
    await bench.append(table, odd('5::INTEGER'));
    await bench.append(table, rows(100, 101));
    const before = await bench.digest(table);
    await cluster(table, { clusterBy: ['tenant'] });
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
  });

  test('without its marked rows is sorted again', async () => {
    const table = await tableOf(2, 2_000);
    await cluster(table);
    await bench.mark(table, 'id % 2 = 0');
    const before = await bench.digest(table);
    expect(await cluster(table)).toMatchObject({ commits: 1, vectorsRemoved: table.delta.state.files.size });
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
  });
});
