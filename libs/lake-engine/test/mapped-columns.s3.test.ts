import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { bucketPrefix, python, type BucketPrefix } from '@hasivu/testing';
import fc from 'fast-check';
import { createS3Store, type ObjectStore } from '../../object-store/src/index.ts';
import { DeltaTable } from '@hasivu/delta';
import { Engine, FileCache } from '../src/index.ts';
import { canonicalRow, ColumnStory, storySteps, type StoryStep } from './column-story.ts';

jest.setTimeout(600_000);
const RUNS = 20;

const READ = `
import decimal, json, os, sys
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
o = json.loads(os.environ['LAKE'])
options = {'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'],
  'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'], 'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true'}
for root in json.loads(sys.stdin.read()):
    t = DeltaTable('s3://%s/%s/%s' % (o['bucket'], o['prefix'], root), storage_options=options)
    rows = pa.table(QueryBuilder().register('t', t).execute('select * from t').read_all()).to_pylist()
    print(json.dumps([list(r.items()) for r in rows], default=str))
`;

let facts: BucketPrefix;
let store: ObjectStore;
let folder: string;
let engine: Engine;
let cache: FileCache;
beforeAll(async () => {
  facts = bucketPrefix('mapping');
  store = createS3Store(facts);
  folder = await mkdtemp(join(tmpdir(), 'hasivu-mapping-'));
  engine = new Engine({ folder, memoryBytes: 64e6 });
  cache = await FileCache.open(store, 'mapping-test', 2 ** 28);
});
afterAll(async () => {
  await engine.close();
  await cache.close();
  store.close();
  await rm(folder, { recursive: true, force: true });
  await facts[Symbol.asyncDispose]();
});

let names = 0;
const around = () => ({ store, nowMs: Date.now, newId: () => `id-${process.pid}-${(names += 1)}` });

async function tell(
  steps: readonly StoryStep[],
  options: { readonly isPartitioned: boolean; readonly mode: 'none' | 'name' | 'id' },
): Promise<{ root: string; story: ColumnStory }> {
  const root = `t${(names += 1)}`;
  const story = await ColumnStory.begin(root, around(), { engine, cache }, options);
  for (const step of steps) {
    await story.apply(step);
    if (step.kind !== 'checkpoint') expect(await story.seen()).toEqual(story.expected);
  }
  return { root, story };
}

async function deltalake(roots: readonly string[]): Promise<string[][]> {
  const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = facts;
  const lake = JSON.stringify({ endpoint, bucket, prefix, region, accessKeyId, secretAccessKey });
  const printed = await python(READ, [], { env: { LAKE: lake }, stdin: JSON.stringify(roots) });
  return printed
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as [string, unknown][][]).map(canonicalRow).sort());
}

describe('a table whose columns are added, widened, renamed, swapped, dropped and added again', () => {
  test('has the rows of a plain model after each step, for us and for deltalake', async () => {
    const told: { root: string; story: ColumnStory }[] = [];
    const input = fc.record({
      steps: storySteps,
      isPartitioned: fc.boolean(),
      mode: fc.constantFrom('none' as const, 'none' as const, 'name' as const, 'id' as const),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ steps, ...options }) => {
        told.push(await tell(steps, options));
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    const seen = await deltalake(told.map(({ root }) => root));
    expect(told.map(({ story }) => story.expected)).toEqual(seen);
    // A log that is read anew says the same as the one that was followed.
    for (const { root, story } of told) {
      const opened = (await DeltaTable.open(root, around())) as DeltaTable;
      expect(opened.state.metadata).toEqual(story.state.metadata);
    }
  });

  test('gives a column that comes back none of the values that one of its name had', async () => {
    const { story } = await tell(
      [
        { kind: 'add', name: 'a', type: 1 },
        { kind: 'insert', rows: 5, by: 'engine' },
        { kind: 'insert', rows: 5, by: 'writer' },
        { kind: 'drop', at: 0 },
        { kind: 'add', name: 'a', type: 1 },
        { kind: 'rewrite' },
        { kind: 'insert', rows: 3, by: 'writer' },
      ],
      { isPartitioned: true, mode: 'none' },
    );
    const values = (await story.seen()).map(
      (row) => (JSON.parse(row) as [string, unknown][])[2] as [string, unknown],
    );
    expect(values.filter(([name]) => name === 'a')).toHaveLength(13);
    expect(values.filter(([, value]) => value === null).length).toBeGreaterThanOrEqual(10);
  });
});
