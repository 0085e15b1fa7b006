import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { bucketPrefix, python, type BucketPrefix } from '@hasivu/testing';
import { createS3Store, type ObjectStore } from '../../object-store/src/index.ts';
import { readCheckpointActions } from './checkpoint-reader.ts';
import {
  DeltaTable,
  field,
  keyOfPath,
  pathOfKey,
  removalOf,
  vacuumTable,
  type AddFile,
  type DeltaSurroundings,
} from './index.ts';

const PRELUDE = `
import datetime, json, os, sys, urllib.parse
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
o = json.loads(os.environ['LAKE'])
options = {'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'], 'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'],
  'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true', 'aws_conditional_put': 'etag'}
uri = 's3://%s/%s/t' % (o['bucket'], o['prefix'])
def files(t): return sorted(f[len(uri) + 1:] for f in t.file_uris())
`;

/** Runs a script of deltalake's on the table and reads the JSON it prints. */
async function deltalake<T>(facts: BucketPrefix, script: string, ...args: string[]): Promise<T> {
  const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = facts;
  const lake = JSON.stringify({ endpoint, bucket, prefix, region, accessKeyId, secretAccessKey });
  return JSON.parse(await python(PRELUDE + script, args, { env: { LAKE: lake } })) as T;
}

const around = (store: ObjectStore, aheadMs = 0): DeltaSurroundings => {
  let names = 0;
  return {
    store,
    nowMs: () => Date.now() + aheadMs,
    newId: () => `id-${process.pid}-${Date.now()}-${(names += 1)}`,
  };
};

/** Keys of the live files, in order. */
const keysOf = (table: { readonly state: DeltaTable['state'] } | null): string[] =>
  [...(table?.state.files.keys() ?? [])].map(keyOfPath).sort();

const FOLDERS = ['day=2026-01-01/', 'day=a%20b/', 'day=__HIVE_DEFAULT_PARTITION__/'];
const DAYS = ['2026-01-01', 'a b', null];

/** Nine versions: seven appends and two deletions, with checkpoints between. */
async function ours(store: ObjectStore, pauseMs: number): Promise<DeltaTable> {
  const table = await DeltaTable.create(
    't',
    {
      schema: { type: 'struct', fields: [field('id', 'long'), field('day', 'string')] },
      partitionColumns: ['day'],
      configuration: { 'delta.checkpointInterval': '3' },
    },
    around(store),
  );
  for (let n = 0; n < 9; n += 1) {
    await sleep(pauseMs);
    const [oldest] = table.state.files.values();
    if (n % 4 === 3 && oldest !== undefined) {
      await table.commit({ actions: [removalOf(oldest, Date.now())], operation: 'DELETE' });
      continue;
    }
    const key = `${FOLDERS[n % 3]}part-${n}.parquet`;
    await store.put(`t/${key}`, Buffer.from('rows'));
    const add: AddFile = {
      path: pathOfKey(key),
      partitionValues: { day: DAYS[n % 3] ?? null },
      size: 4,
      modificationTime: Date.now(),
      dataChange: true,
      stats: '{"numRecords":1}',
    };
    await table.commit({ actions: [{ add }], operation: 'WRITE' });
  }
  return table;
}

test('deltalake sees our table at every version and time as we do, and the same commits', async () => {
  await using facts = bucketPrefix('travel');
  const store = createS3Store(facts);
  // The store keeps whole seconds: with a pause each commit has one of its own.
  const table = await ours(store, 1_100);
  const history = await table.history();
  const times = history.map(({ timestampMs }) => timestampMs).sort();
  const theirs = await deltalake<{ versions: string[][]; times: string[][]; history: [number, string][] }>(
    facts,
    `
t = DeltaTable(uri, storage_options=options)
versions = [files(DeltaTable(uri, version=v, storage_options=options)) for v in range(t.version() + 1)]
times = []
for ms in json.loads(sys.argv[1]):
    t.load_as_version(datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc))
    times.append(files(t))
t = DeltaTable(uri, storage_options=options)
print(json.dumps({'versions': versions, 'times': times, 'history': [[h['version'], h['operation']] for h in t.history()]}))`,
    JSON.stringify(times.map((ms) => ms + 500)),
  );
  const seen: string[][] = [];
  for (let version = 0; version <= table.state.version; version += 1)
    seen.push(keysOf(await DeltaTable.openAt('t', { version }, around(store))));
  expect(seen).toEqual(theirs.versions);
  const atTimes: string[][] = [];
  for (const ms of times)
    atTimes.push(keysOf(await DeltaTable.openAt('t', { timestampMs: ms + 500 }, around(store, 1_000))));
  expect(atTimes).toEqual(theirs.times);
  expect(history.map(({ version, commitInfo }) => [version, commitInfo?.operation])).toEqual(theirs.history);
  store.close();
});

test('deltalake would vacuum the same files as we would, by the log and by listing', async () => {
  await using facts = bucketPrefix('vacuum');
  const store = createS3Store(facts);
  const table = await ours(store, 0);
  for (const key of ['orphan.parquet', 'day=2026-01-01/orphan.parquet', '_tmp/kept.parquet'])
    await store.put(`t/${key}`, Buffer.from('x'));
  await sleep(3_000);
  const theirs = await deltalake<{ lite: string[]; full: string[] }>(
    facts,
    `
t = DeltaTable(uri, storage_options=options)
dry = lambda full: sorted(urllib.parse.unquote(p) for p in t.vacuum(retention_hours=0, dry_run=True, enforce_retention_duration=False, full=full))
print(json.dumps({'lite': dry(False), 'full': dry(True)}))`,
  );
  const found = async (mode: 'lite' | 'full'): Promise<string[]> => {
    const paths: string[] = [];
    const options = { mode, dryRun: true, retentionMs: 0, unsafeRetention: true };
    await vacuumTable(table, around(store), {
      ...options,
      onFound: ({ path }) => paths.push(decodeURIComponent(path)),
    });
    return paths.sort();
  };
  expect(await found('lite')).toEqual(theirs.lite);
  expect(await found('full')).toEqual(theirs.full);
  expect([theirs.lite.length, theirs.full.length]).toEqual([2, 4]);
  store.close();
});

test('a table that deltalake wrote, with its checkpoints, is the same to us at every version, before and after its clean-up', async () => {
  await using facts = bucketPrefix('foreign');
  const store = createS3Store(facts);
  const theirs = await deltalake<{ versions: string[][]; history: [number, string][]; rows: number[] }>(
    facts,
    `
def rows(n): return pa.table({'id': pa.array(range(n * 10, n * 10 + 10), pa.int64()), 'day': ['d%d' % (i % 3) for i in range(10)],
  'at': pa.array([datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)] * 10, pa.timestamp('us', tz='UTC')), 'name': ['n %d' % i for i in range(10)]})
for n in range(6):
    write_deltalake(uri, rows(n), mode='append', partition_by=['day'], storage_options=options)
    if n in (2, 4): DeltaTable(uri, storage_options=options).create_checkpoint()
t = DeltaTable(uri, storage_options=options)
t.delete("id < 15")
t.optimize.compact()
write_deltalake(uri, rows(7), mode='overwrite', storage_options=options)
t = DeltaTable(uri, storage_options=options)
versions, counts = [], []
for v in range(t.version() + 1):
    at = DeltaTable(uri, version=v, storage_options=options)
    versions.append(files(at))
    counts.append(at.to_pyarrow_table().num_rows)
print(json.dumps({'versions': versions, 'rows': counts, 'history': [[h['version'], h['operation']] for h in t.history()]}))`,
  );
  const table = (await DeltaTable.open('t', around(store))) as DeltaTable;
  const seen: { files: string[]; rows: number }[] = [];
  for (let version = 0; version <= table.state.version; version += 1) {
    const at = await DeltaTable.openAt('t', { version }, around(store));
    const rows = [...(at?.state.files.values() ?? [])].map(
      ({ stats }) => (JSON.parse(stats ?? '{}') as { numRecords: number }).numRecords,
    );
    seen.push({ files: keysOf(at), rows: rows.reduce((sum, count) => sum + count, 0) });
  }
  expect(seen.map(({ files }) => files)).toEqual(theirs.versions);
  expect(seen.map(({ rows }) => rows)).toEqual(theirs.rows);
  const history = await table.history();
  expect(history.map(({ version, commitInfo }) => [version, commitInfo?.operation])).toEqual(theirs.history);
  let checkpoints = 0;
  for await (const { key } of store.list('t/_delta_log/')) {
    if (!key.endsWith('.checkpoint.parquet')) continue;
    checkpoints += 1;
    // By the reader for checkpoints, not by the general one that it falls back to.
    expect(readCheckpointActions(Buffer.from((await store.get(key)) ?? [])).length).toBeGreaterThan(2);
  }
  expect(checkpoints).toBeGreaterThanOrEqual(2);
  await sleep(1_100);
  await deltalake(
    facts,
    `
t = DeltaTable(uri, storage_options=options)
t.alter.set_table_properties({'delta.logRetentionDuration': 'interval 0 days'})
t.create_checkpoint()
t.cleanup_metadata()
print('null')`,
  );
  expect(keysOf(await DeltaTable.open('t', around(store)))).toEqual(theirs.versions.at(-1));
  await expect(DeltaTable.openAt('t', { version: 1 }, around(store))).rejects.toMatchObject({
    code: 'LAKE_VERSION_GONE',
  });
  store.close();
});
