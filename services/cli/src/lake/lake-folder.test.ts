import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compressZstd, DeltaTable, field, ParquetFile, parquetNodes, type Int64Column } from '@hasivu/delta';
import { openStore } from '@hasivu/object-store';
import { LakeEngine } from './lake-engine.ts';

const fields = [field('id', 'long')];
let state: string;
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'hasivu-folder-query-'));
});
afterAll(() => rm(state, { recursive: true, force: true }));

test('a lake in a folder is queried as one in a bucket, by several at a time, also after a copy was damaged', async () => {
  const lake = { folder: state, prefix: 'lake', region: 'us-east-1' };
  const store = openStore(lake);
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const root = 'silver/public/orders';
  const table = await DeltaTable.create(root, { schema: { type: 'struct', fields } }, around);
  const file = new ParquetFile({
    nodes: parquetNodes(fields),
    codec: 'zstd',
    compress: compressZstd,
    createdBy: 'test',
  });
  const column = file.columns[0] as Int64Column;
  for (const id of [3n, 4n]) {
    column.level(1, 0);
    column.appendBigInt(id);
  }
  const bytes = file.finish(2);
  await store.put(`${root}/a b.parquet`, bytes);
  const add = { path: 'a%20b.parquet', partitionValues: {}, size: bytes.length };
  await table.commit({
    actions: [{ add: { ...add, modificationTime: Date.now(), dataChange: true } }],
    operation: 'WRITE',
  });
  const cacheDir = join(state, 'cache');
  const open = (): Promise<LakeEngine> =>
    LakeEngine.open({
      lake: lake as Parameters<typeof LakeEngine.open>[0]['lake'],
      cacheDir,
      signal: new AbortController().signal,
    });
  const rows = async (engine: LakeEngine): Promise<unknown> =>
    (await engine.query('SELECT sum(id)::BIGINT FROM silver.public.orders')).result.getRows();
  await using engine = await open();
  expect(await rows(engine)).toEqual([[7n]]);

  // Another of this process on the same copies leaves the first one's files alone when it ends.
  {
    await using other = await open();
    expect(await rows(other)).toEqual([[7n]]);
  }
  const { result } = await engine.query('SELECT id FROM silver.public.orders ORDER BY id');
  expect(await result.getRows()).toEqual([[3n], [4n]]);

  // A copy that was cut is fetched anew by the next one, and all later ones.
  const copies = (await readdir(cacheDir, { recursive: true })).filter((name) =>
    /copies\/.*parquet$/u.test(name),
  );
  expect(copies.length).toBe(1);
  await truncate(join(cacheDir, copies[0] as string), bytes.length - 20);
  for (let times = 0; times < 2; times += 1) {
    await using later = await open();
    expect(await rows(later)).toEqual([[7n]]);
  }
});
