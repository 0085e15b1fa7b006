import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
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

test('a lake in a folder is queried as one in a bucket', async () => {
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
  await using engine = await LakeEngine.open({
    lake: lake as Parameters<typeof LakeEngine.open>[0]['lake'],
    cacheDir: join(state, 'cache'),
    signal: new AbortController().signal,
  });
  const { result } = await engine.query('SELECT sum(id)::BIGINT FROM silver.public.orders');
  expect(await result.getRows()).toEqual([[7n]]);
});
