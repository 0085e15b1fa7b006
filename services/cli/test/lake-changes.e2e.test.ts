import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeltaTable,
  markedFile,
  packCommitVectors,
  RowSet,
  upgradedProtocol,
  type Action,
  type AddFile,
} from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { bucketPrefix, python } from '@hasivu/testing';
import { afterAll, expect, jest, test } from '@jest/globals';
import { hasivu, type CliAnswer } from './cli-process.ts';

jest.setTimeout(240_000);

const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-lake-'));
const configPath = join(stateDir, 'hasivu.yaml');
const bucket = bucketPrefix('changes');
const store = createS3Store(bucket);
const around = { store, nowMs: Date.now, newId: randomUUID };
const NAME = 'silver.public.orders';
const ROOT = 'silver/public/orders';

afterAll(async () => {
  rmSync(stateDir, { recursive: true, force: true });
  store.close();
  await bucket[Symbol.asyncDispose]();
});

/** What another writer's table and its changes look like; it records updates and deletes in change files. */
const FOREIGN = `
import datetime, decimal, json, os, sys
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
o = json.loads(os.environ['LAKE'])
options = {'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'], 'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'],
  'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true', 'conditional_put': 'etag'}
uri = 's3://%s/%s/${ROOT}' % (o['bucket'], o['prefix'])
if sys.argv[1] == 'write':
    at = datetime.datetime(2026, 1, 31, 9, 30, 0, 123456, datetime.timezone.utc)
    rows = lambda ids: pa.table({'id': pa.array(ids, pa.int64()), 'part': pa.array(['a' if i % 2 else None for i in ids]),
      'price': pa.array([decimal.Decimal(i) / 8 for i in ids], pa.decimal128(12, 3)), 'at': pa.array([at] * len(ids)),
      'version': pa.array(['v%d' % i for i in ids])})
    write_deltalake(uri, rows(range(10)), partition_by=['part'], storage_options=options,
      configuration={'delta.enableChangeDataFeed': 'true'})
    t = DeltaTable(uri, storage_options=options)
    write_deltalake(t, rows(range(10, 13)), mode='append')
    t.update(predicate='id > 7', updates={'version': "'new'"})
    t.delete('id = 3 or id = 4')
    t.delete("part = 'a'")
else:
    first, last = int(sys.argv[2]), int(sys.argv[3])
    feed = pa.table(DeltaTable(uri, storage_options=options).load_cdf(starting_version=first, ending_version=last)).to_pylist()
    print(json.dumps([{**r, 'at': r['at'].strftime('%Y-%m-%d %H:%M:%S.%f+00'), 'price': format(r['price'], 'f'),
      '_commit_timestamp': None} for r in feed]))
`;

async function foreign(...args: string[]): Promise<string> {
  const { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey } = bucket;
  const facts = { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey };
  return await python(FOREIGN, args, { env: { LAKE: JSON.stringify(facts) } });
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

async function changes(...range: string[]): Promise<Record<string, unknown>[]> {
  const { code, out, err } = await run('lake', 'changes', NAME, ...range, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Record<string, unknown>[];
}

/** Rows in one order; the time of a commit is that of its file here, and that of its writer's clock elsewhere. */
const comparable = (rows: readonly Record<string, unknown>[]): string[] =>
  rows
    .map((row) =>
      JSON.stringify(
        Object.entries({ ...row, _commit_timestamp: null }).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .sort();

test('lake changes prints the feed of another writer’s table as that writer reads it, and rows that vectors took', async () => {
  configure();
  await foreign('write');
  const all = await changes('--from-version', '0');
  expect(comparable(all)).toEqual(comparable(JSON.parse(await foreign('read', '0', '4')) as never));
  const types = (rows: readonly Record<string, unknown>[]): string[] =>
    [...new Set(rows.map((row) => String(row['_change_type'])))].sort();
  expect(types(all)).toEqual(['delete', 'insert', 'update_postimage', 'update_preimage']);
  const middle = await changes('--from-version', '2', '--to-version', '3');
  expect(comparable(middle)).toEqual(comparable(JSON.parse(await foreign('read', '2', '3')) as never));
  // In the order of the versions, whatever order the files are in.
  const versions = all.map((row) => Number(row['_commit_version']));
  expect(versions).toEqual([...versions].sort((a, b) => a - b));

  const table = (await DeltaTable.open(ROOT, around)) as DeltaTable;
  const { metadata, protocol, schema, files } = table.state;
  const configuration = { ...metadata.configuration, 'delta.enableDeletionVectors': 'true' };
  const upgrade = upgradedProtocol(protocol, schema, configuration);
  await table.commit({
    actions: [
      { metaData: { ...metadata, configuration } },
      ...(upgrade === null ? [] : [{ protocol: upgrade }]),
    ],
    operation: 'SET TBLPROPERTIES',
  });
  const largest = [...files.values()].sort((a, b) => b.size - a.size)[0] as AddFile;
  const mark = async (...rows: number[]): Promise<void> => {
    const live = table.state.files.get(largest.path) as AddFile;
    const { descriptors } = packCommitVectors([RowSet.of(rows)], randomUUID());
    const actions: Action[] = markedFile(live, descriptors[0] as (typeof descriptors)[0], Date.now());
    await table.commit({ actions, operation: 'DELETE' });
  };
  await mark(0, 1);
  await mark(1, 2);
  const marked = await changes('--from-version', '5');
  // The second vector gives the first row back.
  expect(marked.map((row) => [row['_commit_version'], row['_change_type']])).toEqual([
    [6, 'delete'],
    [6, 'delete'],
    [7, expect.any(String)],
    [7, expect.any(String)],
  ]);
  expect(types(marked.slice(2))).toEqual(['delete', 'insert']);
  expect(marked.slice(2).find((row) => row['_change_type'] === 'insert')?.['id']).toBe(
    marked.slice(0, 2).map((row) => row['id'])[0],
  );
});

test('lake changes says which range it wants and why it cannot read one', async () => {
  configure();
  const said = async (...range: string[]): Promise<string> => {
    const { code, err } = await run('lake', 'changes', NAME, ...range);
    expect(code).toBe(2);
    return err;
  };
  expect(await said()).toContain('--from-version or --from-time is needed');
  expect(await said('--from-version', '3', '--to-version', '2')).toContain('ends before it begins');
  expect(await said('--from-version', '1', '--from-time', '2026-01-01')).toContain('exclude each other');
  expect(await said('--from-version', '99')).toContain('LAKE_VERSION_FUTURE');
  const now = new Date().toISOString();
  const empty = await run('lake', 'changes', NAME, '--from-time', now, '--format', 'csv');
  expect(empty.out).toBe('id,part,price,at,version,_change_type,_commit_version,_commit_timestamp\n');
  await store.delete((await keys('_change_data/'))[0] as string);
  rmSync(join(stateDir, 'cache'), { recursive: true, force: true });
  expect(await said('--from-version', '0')).toContain('vacuum deletes them');
  const table = await DeltaTable.create(
    'silver/public/off',
    { schema: { type: 'struct', fields: [] } },
    around,
  );
  expect(table.state.version).toBe(0);
  const off = await run('lake', 'changes', 'silver.public.off', '--from-version', '0');
  expect([off.code, off.err]).toEqual([2, expect.stringContaining('LAKE_CHANGES_NOT_RECORDED')]);
});

async function keys(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(`${ROOT}/${folder}`)) found.push(key);
  return found;
}
