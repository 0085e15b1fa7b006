import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { field } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { bucketPrefix, listedObjects } from '@hasivu/testing';
import { TableBench } from '../../../libs/lake-engine/test/table-bench.ts';
import { hasivu, type CliAnswer } from './cli-process.ts';

jest.setTimeout(240_000);

const FIELDS = [field('id', 'long'), field('noise', 'string'), field('_lsn', 'long'), field('_seq', 'long')];
const ROOT = 'silver/public/orders';
const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-usage-'));
const configPath = join(stateDir, 'hasivu.yaml');
const bucket = bucketPrefix('lake-usage');
const store = createS3Store(bucket);
let bench: TableBench;

const rows = (from: number): string =>
  `SELECT (i + ${from})::BIGINT AS id, md5(i::VARCHAR) AS noise, i::BIGINT AS _lsn, 0::BIGINT AS _seq FROM range(2000) r(i)`;

beforeAll(async () => {
  bench = await TableBench.open(store);
  const table = await bench.create({ root: ROOT, fields: FIELDS });
  for (let n = 0; n < 9; n += 1) await bench.append(table, rows(n * 2_000));
  await store.put(`${ROOT}/deletion_vector_left-behind.bin`, new Uint8Array(77));
  await store.put(`${ROOT}/_change_data/cdc-1.parquet`, new Uint8Array(88));
  await store.put('_access/last-read.zst', new Uint8Array(99));
  configure();
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  rmSync(stateDir, { recursive: true, force: true });
  store.close();
  await bucket[Symbol.asyncDispose]();
});

function configure(maxBytes?: number): void {
  const { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey } = bucket;
  const capacity = maxBytes === undefined ? undefined : { maxBytes };
  const lake = { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey, capacity };
  const kafka = { brokers: ['localhost:1'], registry: 'http://localhost:1' };
  writeFileSync(configPath, JSON.stringify({ version: 1, kafka, lake }));
}

const run = (...argv: string[]): Promise<CliAnswer> => hasivu(stateDir, ...argv, '-f', configPath);
const usage = async (): Promise<Usage> => JSON.parse((await run('lake', 'usage', '--json')).out) as Usage;
const sum = (found: ReadonlyMap<string, number>, prefix = ''): number =>
  [...found].reduce((bytes, [key, size]) => bytes + (key.startsWith(prefix) ? size : 0), 0);

interface Sum {
  readonly objects: number;
  readonly bytes: number;
}
interface Usage extends Sum {
  readonly capacityBytes: number | null;
  readonly ratio: number | null;
  readonly tables: readonly (Sum &
    Readonly<Record<'live' | 'removed' | 'log' | 'vectors' | 'changes', Sum>> & { readonly table: string })[];
}

test('usage tells each object once: live files, files for a vacuum, logs, vectors, change files, and what is in no table', async () => {
  const small = await run('lake', 'optimize', ROOT);
  expect(small.code).toBe(0);
  const found = await listedObjects(bucket);
  const told = await usage();
  expect([told.bytes, told.objects, told.capacityBytes, told.ratio]).toEqual([
    sum(found),
    found.size,
    null,
    null,
  ]);
  const { state } = (await bench.reopen(ROOT)).delta;
  const live = [...state.files.values()].reduce((bytes, { size }) => bytes + size, 0);
  const orders = told.tables.find(({ table }) => table === ROOT);
  expect(orders).toMatchObject({
    bytes: sum(found, `${ROOT}/`),
    live: { objects: 1, bytes: live },
    removed: { objects: 9 },
    log: { bytes: sum(found, `${ROOT}/_delta_log/`) },
    vectors: { objects: 1, bytes: 77 },
    changes: { objects: 1, bytes: 88 },
  });
  expect(told.tables.find(({ table }) => table === '')).toMatchObject({ objects: 1, bytes: 99 });
  const shown = await run('lake', 'usage');
  expect([shown.code, shown.out]).toEqual([
    0,
    expect.stringMatching(/^table +objects +size +live +to vacuum/u),
  ]);
  expect(shown.out).toContain('the lake has no capacity');
  expect((await run('lake', 'usage', '--help')).out).toContain('hasivu lake usage --json | jq .ratio');
});

test('where the lake is full no files are rewritten, with the reason; rows are deleted and files vacuumed all the same', async () => {
  const table = await bench.reopen(ROOT);
  for (let n = 0; n < 9; n += 1) await bench.append(table, rows(100_000 + n * 2_000));
  const used = sum(await listedObjects(bucket));
  configure(used - 1_000);
  const before = await usage();
  expect(before.ratio).toBeCloseTo(used / (used - 1_000), 6);
  const refused = await run('lake', 'optimize', ROOT);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('LAKE_CAPACITY_EXCEEDED')]);
  expect(sum(await listedObjects(bucket))).toBe(used);
  const dry = await run('lake', 'optimize', ROOT, '--dry-run', '--json');
  expect(dry.code).toBe(0);
  // Nor where that would fill it: what is replaced stays for days, and nothing could come in.
  configure(used + (JSON.parse(dry.out) as { bytes: number }).bytes + 1_000);
  const filling = await run('lake', 'optimize', ROOT);
  expect([filling.code, filling.err]).toEqual([2, expect.stringContaining('of which that may fill')]);
  configure(used - 1_000);
  const deleted = await run('lake', 'delete', 'silver.public.orders', '--where', 'id < 2000', '--yes');
  expect([deleted.code, deleted.out]).toEqual([0, expect.stringContaining('2,000 rows')]);
  const vacuumed = await run('lake', 'vacuum', ROOT, '--retain-hours', '0', '--unsafe-retention');
  expect(vacuumed.code).toBe(0);
  expect((await run('lake', 'usage')).out).toMatch(/objects: \d+\.\d % of the capacity of/u);
  // With room for what it reads it is done again.
  configure(10 * used);
  expect((await run('lake', 'optimize', ROOT)).code).toBe(0);
});
