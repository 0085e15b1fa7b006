import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { bucketPrefix, python, type BucketPrefix } from '@hasivu/testing';
import { createS3Store } from '../../../object-store/src/index.ts';
import { DeltaTable, vacuumTable } from '../../src/index.ts';
import { readLedger } from './ledger.ts';
import { around, ROOT } from './live-table.ts';
import { FIELDS } from './rows.ts';
import { runStorm, type StormOptions, type WriterLedger } from './run-storm.ts';
import {
  brokenPromises,
  conflictCounts,
  expectedRows,
  namedKeys,
  neededKeys,
  readWholeLog,
  storedKeys,
  sumOf,
} from './storm-verdict.ts';

const READ = `
import json, os
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
o = json.loads(os.environ['LAKE'])
t = DeltaTable('s3://%s/%s/t' % (o['bucket'], o['prefix']), storage_options={'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'],
  'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'], 'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true'})
rows = pa.table(QueryBuilder().register('t', t).execute('select writer, n, revision from t').read_all())
print(json.dumps({'version': t.version(), 'rows': ['%d/%d/%d' % row for row in zip(*(rows[c].to_pylist() for c in ('writer', 'n', 'revision')))]}))
`;

interface ForeignView {
  readonly version: number;
  readonly rows: readonly string[];
}

async function deltalake(facts: BucketPrefix): Promise<ForeignView> {
  const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = facts;
  const lake = JSON.stringify({ endpoint, bucket, prefix, region, accessKeyId, secretAccessKey });
  return JSON.parse(await python(READ, [], { env: { LAKE: lake } })) as ForeignView;
}

export interface ConcurrencyReport {
  readonly seed: number;
  readonly seconds: number;
  readonly commits: number;
  readonly rows: number;
  readonly kills: number;
  readonly compactedFiles: number;
  readonly conflicts: { readonly writers: object; readonly compactor: object };
  readonly mostTries: number;
  readonly foreignReads: number;
  readonly orphansVacuumed: number;
}

/** The storm, and what has to be true during it and after it. */
export async function proveConcurrency(
  options: Omit<StormOptions, 'facts' | 'watch'> & {
    /** Between two looks by a foreign reader, in milliseconds. */
    readonly readEveryMs: number;
    /** Rules that have to have made a writer look again before the storm may end. */
    readonly rules: readonly string[];
  },
): Promise<ConcurrencyReport> {
  await using facts = bucketPrefix('storm');
  const store = createS3Store(facts);
  const configuration = { 'delta.enableDeletionVectors': 'true', 'delta.checkpointInterval': '50' };
  const retention = { 'delta.deletedFileRetentionDuration': 'interval 3 minutes' };
  const schema = { type: 'struct', fields: FIELDS } as const;
  const definition = { schema, configuration: { ...configuration, ...retention } };
  await DeltaTable.create(ROOT, definition, around(store));
  let foreignReads = 0;
  let readMs = -Infinity;
  const startedMs = performance.now();
  using storm = await runStorm({
    ...options,
    facts,
    watch: async ({ writers, compactor }) => {
      const isDue = performance.now() - readMs >= options.readEveryMs;
      if (isDue) {
        readMs = performance.now();
        await expectSound(facts, writers);
        foreignReads += 1;
      }
      const met = conflictCounts([compactor, ...writers.map(({ path }) => path)]);
      const unmet = options.rules.filter((rule) => !(rule in met));
      const isLate = performance.now() - startedMs >= options.durationMs;
      // A rule that no writer can break any more would keep the storm going until the test's own time is over.
      if (isDue && isLate && unmet.length > 0)
        process.stderr.write(`the storm goes on: no conflict yet by ${unmet.join(', ')}\n`);
      return unmet.length === 0;
    },
  });
  const seconds = Math.round((performance.now() - startedMs) / 1_000);

  const commits = await readWholeLog(store);
  expect(brokenPromises(storm.writers, commits)).toEqual([]);
  const expected = expectedRows(storm.writers, commits);
  const view = await deltalake(facts);
  expect(view.version).toBe(commits.length - 1);
  expect([...view.rows].sort()).toEqual(expected);

  const table = (await DeltaTable.open(ROOT, around(store))) as DeltaTable;
  expect(table.state.version).toBe(commits.length - 1);
  const named = namedKeys(commits);
  const orphans = (await storedKeys(store)).filter((key) => !named.has(key)).length;
  // The store keeps whole seconds, and vacuum keeps what is as young as its start.
  await sleep(2_500);
  await vacuumTable(table, around(store), { retentionMs: 0, unsafeRetention: true });
  expect(await storedKeys(store)).toEqual(neededKeys(table.state));
  expect([...(await deltalake(facts)).rows].sort()).toEqual(expected);
  store.close();

  const paths = storm.writers.map(({ path }) => path);
  return {
    seed: options.seed,
    seconds,
    commits: commits.length,
    rows: expected.length,
    kills: storm.kills,
    compactedFiles: sumOf([storm.compactor], (line) => ('compacted' in line ? line.compacted : 0)),
    conflicts: { writers: conflictCounts(paths), compactor: conflictCounts([storm.compactor]) },
    mostTries: Math.max(
      ...paths.flatMap((path) => readLedger(path)).map((line) => ('conflict' in line ? line.tries : 0)),
    ),
    foreignReads,
    orphansVacuumed: orphans,
  };
}

/** No row twice, and what was told to be committed before the reader opened the table is in it. */
async function expectSound(facts: BucketPrefix, writers: readonly WriterLedger[]): Promise<void> {
  const told = toldAppends(writers);
  const { rows } = await deltalake(facts);
  const seen = new Set(rows.map((row) => row.slice(0, row.lastIndexOf('/'))));
  expect(seen.size).toBe(rows.length);
  expect(told.filter((row) => !seen.has(row))).toEqual([]);
}

/** `writer/n` of the rows that writers which only append were told about so far: whoever looks now must see them. */
function toldAppends(writers: readonly WriterLedger[]): string[] {
  return writers.flatMap(({ role, writer, path }) => {
    if (role !== 'append') return [];
    const lines = readLedger(path);
    const told = new Set(lines.flatMap((line) => ('told' in line ? [line.told] : [])));
    const intents = lines.flatMap((line) => ('intent' in line ? [line.intent] : []));
    return intents.flatMap(({ seq, add }) => (told.has(seq) ? add.map((n) => `${writer}/${n}`) : []));
  });
}
