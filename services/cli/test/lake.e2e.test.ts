import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  compressZstd,
  DeltaTable,
  field,
  ParquetFile,
  parquetNodes,
  removalOf,
  type AddFile,
  type Int64Column,
} from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { bucketPrefix } from '@hasivu/testing';
import { afterAll, expect, jest, test } from '@jest/globals';
import { hasivu, type CliAnswer } from './cli-process.ts';

jest.setTimeout(240_000);

const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-lake-'));
const configPath = join(stateDir, 'hasivu.yaml');
const bucket = bucketPrefix('lake');
const store = createS3Store(bucket);
const fields = [field('id', 'long')];

afterAll(async () => {
  rmSync(stateDir, { recursive: true, force: true });
  store.close();
  await bucket[Symbol.asyncDispose]();
});

/** A table of five versions, each append of one row but the last, which removes one; and a file nobody committed. */
async function tableOf(root: string): Promise<void> {
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const table = await DeltaTable.create(root, { schema: { type: 'struct', fields } }, around);
  for (let n = 1; n <= 4; n += 1) {
    const file = new ParquetFile({
      nodes: parquetNodes(fields),
      codec: 'zstd',
      compress: compressZstd,
      createdBy: 'test',
    });
    const column = file.columns[0] as Int64Column;
    column.level(1, 0);
    column.appendBigInt(BigInt(n));
    const bytes = file.finish(1);
    await store.put(`${root}/part-${n}.parquet`, bytes);
    const add: AddFile = {
      path: `part-${n}.parquet`,
      partitionValues: {},
      size: bytes.length,
      modificationTime: Date.now(),
      dataChange: true,
    };
    await table.commit({ actions: [{ add }], operation: 'WRITE', operationMetrics: { numOutputRows: '1' } });
  }
  const [first] = table.state.files.values();
  await table.commit({ actions: [removalOf(first as AddFile, Date.now())], operation: 'DELETE' });
  await store.put(`${root}/orphan.parquet`, Buffer.from('x'));
}

function configure(): void {
  const { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey } = bucket;
  const lake = { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey };
  writeFileSync(
    configPath,
    JSON.stringify({ version: 1, kafka: { brokers: ['localhost:1'], registry: 'http://localhost:1' }, lake }),
  );
}

const run = (...argv: string[]): Promise<CliAnswer> => hasivu(stateDir, ...argv, '-f', configPath);
const json = async (...argv: string[]): Promise<Record<string, unknown>> => {
  const { code, out, err } = await run(...argv, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Record<string, unknown>;
};

test('history tells what the commits did; vacuum names, then deletes what no retained version needs', async () => {
  configure();
  const name = 'silver/public/items';
  await tableOf(name);
  const { commits } = (await json('lake', 'history', name, '--limit', '2')) as {
    commits: { version: number; operation: string }[];
  };
  expect(commits.map(({ version, operation }) => [version, operation])).toEqual([
    [5, 'DELETE'],
    [4, 'WRITE'],
  ]);
  const shown = await run('lake', 'history', 'silver.public.items');
  expect(shown.out).toMatch(/^version +time +operation +what\n/);
  expect(shown.out).toMatch(/ {6}4 {2}20\S+Z {2}WRITE +numOutputRows=1\n/);

  // Everything is younger than the retention, and less of it has to be asked for loudly.
  expect(await json('lake', 'vacuum', name)).toMatchObject({ mode: 'full', foundFiles: 0, deletedFiles: 0 });
  const short = await run('lake', 'vacuum', name, '--retain-hours', '0');
  expect([short.code, short.err]).toEqual([2, expect.stringContaining('LAKE_RETENTION_TOO_SHORT')]);
  // The store keeps whole seconds.
  await sleep(2_000);
  const unsafe = ['--retain-hours', '0', '--unsafe-retention'];
  const dry = await run('lake', 'vacuum', name, '--dry-run', ...unsafe);
  expect(dry.err).toContain('--unsafe-retention: files');
  expect(dry.out.split('\n')).toEqual([
    'orphan.parquet',
    'part-1.parquet',
    expect.stringMatching(/^2 files \(.*\) would be deleted/),
    '',
  ]);
  const lite = await run('lake', 'vacuum', name, '--dry-run', '--lite', '--json', ...unsafe);
  expect(JSON.parse(lite.out)).toMatchObject({
    mode: 'lite',
    dryRun: true,
    foundFiles: 1,
    paths: ['part-1.parquet'],
  });
  const done = await run('lake', 'vacuum', name, ...unsafe);
  expect([done.code, done.out]).toEqual([0, expect.stringContaining('2 files deleted')]);
  expect(await store.head(`${name}/part-1.parquet`)).toBeNull();
  expect(await store.head(`${name}/part-2.parquet`)).not.toBeNull();

  const unknown = await run('lake', 'history', 'silver/public/nothing');
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('CLI_TABLE_UNKNOWN')]);
});

test('every command of the runbook runs as it is written there', async () => {
  configure();
  for (const layer of ['silver', 'bronze']) await tableOf(`${layer}/public/orders`);
  await sleep(1_100);
  const countAt = async (...moment: string[]): Promise<string> =>
    (await run('query', 'select count(1) as n from silver.public.orders', '--format', 'csv', ...moment)).out;
  expect(await countAt('--at-version', '3')).toBe('n\n3\n');
  expect(await countAt('--at-version', '4')).toBe('n\n4\n');
  expect(await countAt('--at-time', new Date().toISOString())).toBe('n\n3\n');
  expect((await run('query', 'select 1', '--at-time', '2026-01-01', '--at-version', '1')).code).toBe(2);
  const explained = await run(
    'query',
    'select sum(id) as n from silver.public.orders where id > 3',
    '--explain',
    '--format',
    'csv',
  );
  expect(explained.out).toBe('n\n4\n');
  expect(explained.err).toMatch(
    /^silver\.public\.orders: 3 of 3 files, 1 of 1 columns; [\d.]+ B fetched of [\d.]+ B\n$/u,
  );
  const page = readFileSync(join(import.meta.dirname, '../../../docs/runbooks/lake-maintenance.md'), 'utf8');
  const commands = [...page.matchAll(/^hasivu (.*)$/gmu)].map((match) => match[1] as string);
  expect(commands.length).toBeGreaterThan(7);
  for (const command of commands) {
    const timely = command.replace('2026-01-31T09:00:00Z', new Date().toISOString());
    const argv = [...timely.matchAll(/"([^"]*)"|(\S+)/gu)].map((match) => match[1] ?? (match[2] as string));
    const { code, err } = await run(...argv);
    expect([command, code, err.includes('error')]).toEqual([command, 0, false]);
  }
});
