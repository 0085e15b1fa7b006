import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeltaTable, VECTORS_PROPERTY } from '@hasivu/delta';
import { setProperties } from '@hasivu/lake-engine';
import { createS3Store } from '@hasivu/object-store';
import { bucketPrefix, python } from '@hasivu/testing';
import { afterAll, expect, jest, test } from '@jest/globals';
import { hasivu, type CliAnswer } from './cli-process.ts';

jest.setTimeout(240_000);

const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-lake-'));
const configPath = join(stateDir, 'hasivu.yaml');
const bucket = bucketPrefix('delete');

afterAll(async () => {
  rmSync(stateDir, { recursive: true, force: true });
  await bucket[Symbol.asyncDispose]();
});

/** Tables of another writer, with and without vectors, in partitions; and what it reads of them, or of their changes. */
const FOREIGN = `
import json, os, sys
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake
o = json.loads(os.environ['LAKE'])
options = {'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'], 'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'],
  'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true', 'conditional_put': 'etag'}
uri = 's3://%s/%s/silver/public/%s' % (o['bucket'], o['prefix'], sys.argv[2])
if sys.argv[1] == 'write':
    configuration = {'delta.enableChangeDataFeed': 'true'}
    if sys.argv[2] == 'log': configuration['delta.appendOnly'] = 'true'
    for first in (0, 100):
        ids = range(first, first + 100)
        rows = pa.table({'id': pa.array(ids, pa.int64()), 'tenant_id': ['t a' if i % 3 else 'é/x' for i in ids], 'note': ['n%d' % i for i in ids]})
        write_deltalake(uri, rows, mode='append', partition_by=['tenant_id'], storage_options=options, configuration=configuration)
else:
    t = DeltaTable(uri, storage_options=options)
    rows = pa.table(QueryBuilder().register('t', t).execute('select id from t').read_all())
    print(json.dumps({'version': t.version(), 'ids': sorted(rows['id'].to_pylist())}))
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

const run = (...argv: string[]): Promise<CliAnswer> => hasivu(stateDir, 'lake', ...argv, '-f', configPath);
const where = "tenant_id = 'é/x' and id < 100 or id = 101";
const isGone = (id: number): boolean => (id % 3 === 0 && id < 100) || id === 101;

test.each(['marked', 'plain'])(
  'lake delete counts first, asks, and deletes what deltalake then no longer reads (%s)',
  async (name) => {
    configure();
    await foreign('write', name);
    const isMarked = name === 'marked';
    if (isMarked) await markRowsOf(name);
    const version = isMarked ? 3 : 2;
    const table = `silver.public.${name}`;
    const dry = await run('delete', table, '--where', where, '--dry-run');
    expect([dry.code, dry.out, dry.err]).toEqual([
      0,
      `35 rows in 2 files of ${table} would be deleted\n`,
      '',
    ]);
    const unasked = await run('delete', table, '--where', where);
    expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('--yes is needed')]);
    const done = await run('delete', table, '--where', where, '--yes', '--json');
    expect([done.code, done.err]).toEqual([0, '']);
    expect(JSON.parse(done.out)).toEqual({
      table,
      dryRun: false,
      rows: 35,
      files: 2,
      emptied: 1,
      marked: isMarked ? 1 : 0,
      rewritten: isMarked ? 0 : 1,
      version,
    });
    const left = Array.from({ length: 200 }, (_, id) => id).filter((id) => !isGone(id));
    expect(JSON.parse(await foreign('read', name))).toEqual({ version, ids: left });
    const again = await run('delete', table, '--where', where, '--yes');
    expect(again.out).toBe(`no row of ${table} satisfies the condition\n`);
    // The rows that went are in the feed, and the condition, which may name a person, is nowhere in the log.
    const told = await run('changes', table, '--from-version', String(version), '--json');
    const rows = JSON.parse(told.out) as { id: number; _change_type: string }[];
    expect(new Set(rows.map((row) => row._change_type))).toEqual(new Set(['delete']));
    expect(rows.map((row) => row.id).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, id) => id).filter(isGone),
    );
    expect((await run('history', table, '--json')).out).not.toContain('é/x');
  },
);

/** From now on rows of the table are marked deleted. deltalake itself would name features with it that nobody here knows. */
async function markRowsOf(name: string): Promise<void> {
  const store = createS3Store(bucket);
  try {
    const around = { store, nowMs: Date.now, newId: randomUUID };
    const table = (await DeltaTable.open(`silver/public/${name}`, around)) as DeltaTable;
    await table.commit({
      actions: setProperties(table, { [VECTORS_PROPERTY]: 'true' }),
      operation: 'SET TBLPROPERTIES',
    });
  } finally {
    store.close();
  }
}

test('lake delete refuses an append-only table by name, a condition that is none, and a table that is not there', async () => {
  configure();
  await foreign('write', 'log');
  const said = async (...argv: string[]): Promise<string> => {
    const { code, err } = await run('delete', ...argv);
    expect(code).toBe(2);
    return err;
  };
  expect(await said('silver.public.log', '--where', 'true', '--yes')).toContain('delta.appendOnly is true');
  expect(await said('silver.public.log', '--where', 'nothing = 1', '--dry-run')).toContain(
    'delta.appendOnly',
  );
  expect(await said('silver.public.nothing', '--where', 'true', '--yes')).toContain('CLI_TABLE_UNKNOWN');
  expect(await said('silver.public.log', '--yes')).toContain("required option '--where <condition>'");
});
