import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { bucketPrefix, type BucketPrefix } from '@hasivu/testing';
import { createS3Store, type ObjectStore } from '../../object-store/src/index.ts';
import { DeltaTable, field, removalOf, vacuumTable, type AddFile } from '../src/index.ts';
import type { ChildInput } from './maintenance-child.ts';
import { surroundings } from './surroundings.ts';

jest.setTimeout(300_000);

const { NODE_OPTIONS: _testRunner, JEST_WORKER_ID: _worker, ...ENV } = process.env;
const DAY = 86_400_000;
const ROOT = 't';
/** More lives than clean-up takes here. */
const MOST_LIVES = 60;

/** How the process ended: `SIGKILL` when it came to the change that it was to die before. */
function run(facts: BucketPrefix, input: Omit<ChildInput, 'store' | 'root'>): Promise<string> {
  const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = facts;
  const store = { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'maintenance-child.ts')], {
    env: { ...ENV, MAINTENANCE: JSON.stringify({ ...input, store, root: ROOT }) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
}

async function upload(store: ObjectStore, path: string): Promise<AddFile> {
  await store.put(`${ROOT}/${path}`, Buffer.from('rows'));
  return {
    path,
    partitionValues: {},
    size: 4,
    modificationTime: Date.now(),
    dataChange: true,
    stats: '{"numRecords":1}',
  };
}

async function opened(store: ObjectStore): Promise<DeltaTable> {
  const around = { ...surroundings(store), nowMs: Date.now };
  const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
  const configuration = { 'delta.checkpointInterval': '4' };
  return (
    (await DeltaTable.open(ROOT, around)) ??
    (await DeltaTable.create(ROOT, { schema, configuration }, around))
  );
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(`${ROOT}/${prefix}`)) found.push(key.slice(ROOT.length + 1));
  return found;
}

test.each(['vacuum', 'vacuum-lite'] as const)(
  '%s killed before any of its changes harms nothing, and the next one deletes the rest',
  async (task) => {
    await using facts = bucketPrefix('vacuum');
    const store = createS3Store(facts);
    const table = await opened(store);
    await table.commit({ actions: [{ add: await upload(store, 'live.parquet') }], operation: 'WRITE' });
    const next = { ...surroundings(store), nowMs: () => Date.now() + 8 * DAY };
    let deaths = 0;
    for (let end = 'SIGKILL'; end === 'SIGKILL';) {
      const doomed = await Promise.all(
        ['a', 'b', 'c'].map((name) => upload(store, `${name}-${deaths}.parquet`)),
      );
      await table.refresh();
      await table.commit({ actions: doomed.map((add) => ({ add })), operation: 'WRITE' });
      await table.commit({ actions: doomed.map((file) => removalOf(file, Date.now())), operation: 'DELETE' });
      end = await run(facts, { task, aheadMs: 8 * DAY, diesBefore: deaths + 1 });
      const seen = await opened(store);
      expect([...seen.state.files.keys()]).toEqual(['live.parquet']);
      expect(await store.head(`${ROOT}/live.parquet`)).not.toBeNull();
      if (end === 'SIGKILL') {
        deaths += 1;
        await vacuumTable(seen, next, { mode: task === 'vacuum' ? 'full' : 'lite' });
      } else expect(end).toBe('exit 0');
      expect((await keys(store, '')).filter((key) => !key.startsWith('_delta_log/'))).toEqual([
        'live.parquet',
      ]);
    }
    // The start, three files, the note and the end.
    expect(deaths).toBeGreaterThanOrEqual(6);
    const operations = (await (await opened(store)).history(2)).map(
      ({ commitInfo }) => commitInfo?.operation,
    );
    expect(operations).toEqual(['VACUUM END', 'VACUUM START']);
    store.close();
  },
);

test('log clean-up killed before any of its deletions leaves a log that begins later and ends where it did', async () => {
  await using facts = bucketPrefix('cleanup');
  const store = createS3Store(facts);
  const table = await opened(store);
  for (let n = 1; n <= 10; n += 1)
    await table.commit({ actions: [{ add: await upload(store, `f-${n}.parquet`) }], operation: 'WRITE' });
  const files = [...table.state.files.keys()];
  let deaths = 0;
  for (; deaths < MOST_LIVES; deaths += 1) {
    // Each one gets a little further: it finds what the ones before it left.
    const end = await run(facts, { task: 'clean-log', aheadMs: 40 * DAY, diesBefore: 2 });
    expect([...(await opened(store)).state.files.keys()]).toEqual(files);
    for (const version of [8, 9, 10])
      expect((await DeltaTable.openAt(ROOT, { version }, surroundings(store)))?.state.files.size).toBe(
        version,
      );
    if (end === 'SIGKILL') continue;
    expect(end).toBe('exit 0');
    break;
  }
  // Versions 0 to 7 and the checkpoint of 4: one deletion a life, and no death after the last.
  expect(deaths).toBe(8);
  expect(await keys(store, '_delta_log/0')).toEqual([
    '_delta_log/00000000000000000008.checkpoint.parquet',
    '_delta_log/00000000000000000008.json',
    '_delta_log/00000000000000000009.json',
    '_delta_log/00000000000000000010.json',
  ]);
  await expect(DeltaTable.openAt(ROOT, { version: 7 }, surroundings(store))).rejects.toMatchObject({
    code: 'LAKE_VERSION_GONE',
  });
  store.close();
});
