import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { field, keyOfPath } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { bucketPrefix } from '@hasivu/testing';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { AccessLogProxy } from '../../../libs/lake-engine/test/access-log-proxy.ts';
import { TableBench } from '../../../libs/lake-engine/test/table-bench.ts';
import { hasivu, type CliAnswer } from './cli-process.ts';

jest.setTimeout(240_000);

const DAY = 86_400;
const FIELDS = [
  field('id', 'long'),
  field('noise', 'string'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_committed_at', 'timestamp'),
  field('_op', 'string'),
  field('month', 'string'),
];
const ROOT = 'bronze/public/orders';
const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-maintenance-'));
const configPath = join(stateDir, 'hasivu.yaml');
const bucket = bucketPrefix('lake-maintenance');
const store = createS3Store(bucket);
let bench: TableBench;
let before: string;

beforeAll(async () => {
  bench = await TableBench.open(store);
  const table = await bench.create({ root: ROOT, fields: FIELDS, partitionColumns: ['month'] });
  for (let n = 0; n < 10; n += 1) {
    const at = Date.now() / 1_000 - n * 40 * DAY;
    await bench.append(
      table,
      `SELECT (i + ${n * 6_000})::BIGINT AS id, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS noise, i::BIGINT AS _lsn, 0::BIGINT AS _seq, to_timestamp(${at}) AS _committed_at, 'c' AS _op FROM range(6000) r(i)`,
      { month: n % 2 === 0 ? '2026-01' : '2026-02' },
    );
  }
  before = await bench.digest(table);
  configure({ retention: { bronze: '100 days' } });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  rmSync(stateDir, { recursive: true, force: true });
  store.close();
  await bucket[Symbol.asyncDispose]();
});

function configure(orders: object, accessLog?: object): void {
  const { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey } = bucket;
  const warm = { afterDays: 30, storageClass: 'STANDARD_IA' };
  const lake = {
    endpoint,
    bucket: name,
    prefix,
    region,
    accessKeyId,
    secretAccessKey,
    tiers: { warm, accessLog },
  };
  const kafka = { brokers: ['localhost:1'], registry: 'http://localhost:1' };
  writeFileSync(configPath, JSON.stringify({ version: 1, kafka, lake, tables: { 'public.orders': orders } }));
}

const run = (...argv: string[]): Promise<CliAnswer> => hasivu(stateDir, ...argv, '-f', configPath);
const json = async (...argv: string[]): Promise<Record<string, unknown>> => {
  const { code, out, err } = await run(...argv, '--json');
  expect([code, err.includes('error')]).toEqual([0, false]);
  return JSON.parse(out) as Record<string, unknown>;
};
const digest = async (): Promise<string> => bench.digest(await bench.reopen(ROOT));

test('health tells what optimize would do, and optimize does it, a partition or all, without a change of rows', async () => {
  expect(await json('lake', 'health', ROOT)).toMatchObject({
    tables: [{ table: ROOT, files: 10, smallFiles: 10, partitions: 2, dueFiles: 10 }],
  });
  expect((await run('lake', 'health')).out).toMatch(/^table +files +size +small/u);
  const dry = await run('lake', 'optimize', ROOT, '--where', "month = '2026-01'", '--dry-run');
  expect([dry.code, dry.out]).toEqual([
    0,
    expect.stringMatching(/^5 files \(.*\) would be rewritten in 1 bins/mu),
  ]);
  expect(await json('lake', 'optimize', ROOT, '--where', "month = '2026-01'")).toMatchObject({
    filesRemoved: 5,
    filesAdded: 1,
  });
  const all = await run('lake', 'optimize', 'bronze.public.orders', '--target-size', '64MiB');
  expect([all.code, all.out]).toEqual([0, expect.stringMatching(/^5 files \(.*\) became 1 \(/u)]);
  expect(await digest()).toBe(before);
  expect(await json('lake', 'optimize', ROOT, '--zorder-by', 'id,noise')).toMatchObject({ filesRemoved: 2 });
  expect(await digest()).toBe(before);
  expect((await json('lake', 'history', ROOT, '--limit', '1'))['commits']).toMatchObject([
    { operation: 'OPTIMIZE', operationParameters: { zOrderBy: '["id","noise"]', auto: 'false' } },
  ]);
  const unknown = await run('lake', 'optimize', ROOT, '--where', 'id = 7');
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('LAKE_CHOICE_INVALID')]);
  const column = await run('lake', 'optimize', ROOT, '--zorder-by', 'month');
  expect([column.code, column.err]).toEqual([2, expect.stringContaining('is no column of its files')]);
});

test('tiers tell what a move costs and saves, and move', async () => {
  const { tables } = await json('lake', 'tiers', '--dry-run');
  expect(tables).toMatchObject([{ table: ROOT, movedFiles: 0, cost: { unpriced: [] } }]);
  const shown = await run('lake', 'tiers', ROOT, '--dry-run');
  expect(shown.out).toMatch(/would move; a month costs \$0\.00 now/u);
  await json('lake', 'tiers', ROOT);
  const table = await bench.reopen(ROOT);
  // The other partition has rows of today.
  for (const { path, partitionValues } of table.delta.state.files.values())
    expect((await store.head(`${ROOT}/${keyOfPath(path)}`))?.storageClass ?? 'STANDARD').toBe(
      partitionValues['month'] === '2026-02' ? 'STANDARD_IA' : 'STANDARD',
    );
  expect(await digest()).toBe(before);
});

test('tiers show what the access log tells, and bring back what a query has read', async () => {
  await using logs = bucketPrefix('lake-logs');
  await using proxy = await AccessLogProxy.open(bucket.endpoint);
  const logStore = createS3Store(logs);
  const query = createS3Store({ ...bucket, endpoint: proxy.endpoint, userAgent: 'hasivu/query' });
  for (const { path } of (await bench.reopen(ROOT)).delta.state.files.values())
    await query.get(`${ROOT}/${keyOfPath(path)}`);
  await logStore.put(`${new Date().toISOString().slice(0, 10)}-00-00-00-A`, proxy.take());
  configure({ retention: { bronze: '100 days' } }, { bucket: logs.bucket, prefix: `${logs.prefix}/` });
  const dry = await run('lake', 'tiers', '--dry-run');
  expect(dry.out).toMatch(
    /^access log up to .*: 1 new objects \(.*\) with 2 reads, 0 that do not count, 0 malformed lines; the last reads of 2 files are known$/mu,
  );
  expect(dry.out).toMatch(/; 2 files were read lately: .* stay warmer for it, .* come back$/mu);
  expect(await json('lake', 'tiers', ROOT)).toMatchObject({
    accessLog: { files: 2, counts: { reads: 2 } },
    tables: [{ table: ROOT, movedFiles: 1, readFiles: 2 }],
  });
  for (const { path } of (await bench.reopen(ROOT)).delta.state.files.values())
    expect((await store.head(`${ROOT}/${keyOfPath(path)}`))?.storageClass ?? 'STANDARD').toBe('STANDARD');
  configure(
    { retention: { bronze: '100 days' } },
    { bucket: logs.bucket, prefix: `${logs.prefix}/mistyped/` },
  );
  const silent = await run('lake', 'tiers', ROOT);
  expect([silent.code, silent.err]).toEqual([2, expect.stringContaining('LAKE_ACCESS_LOG_SILENT')]);
  for (const one of [logStore, query]) one.close();
});

test('retain tells what would go, takes it, and takes nothing from a table on hold', async () => {
  configure({
    retention: { bronze: '100 days', hold: { name: 'case 17', reason: 'asked for by the court' } },
  });
  const held = await run('lake', 'retain');
  expect([held.code, held.out]).toEqual([0, `${ROOT}: on legal hold (case 17), nothing goes\n`]);
  const vacuum = await run('lake', 'vacuum', ROOT);
  expect([vacuum.code, vacuum.err]).toEqual([2, expect.stringContaining('LAKE_ON_HOLD')]);
  const deleted = await run('lake', 'delete', ROOT, '--where', 'true', '--yes');
  expect([deleted.code, deleted.err]).toEqual([2, expect.stringContaining('LAKE_ON_HOLD')]);
  configure({ retention: { bronze: '100 days' } });
  const dry = await run('lake', 'retain', '--dry-run');
  expect(dry.out).toMatch(/^bronze\/public\/orders: 0 files .* would go, 2 files .* would lose rows\n$/u);
  expect(await digest()).toBe(before);
  expect(await json('lake', 'retain', ROOT)).toMatchObject({ tables: [{ table: ROOT, rows: 7 * 6_000 }] });
  expect(await bench.query(await bench.reopen(ROOT), 'SELECT count(1) AS n FROM t')).toEqual([
    { n: '18000' },
  ]);
});
