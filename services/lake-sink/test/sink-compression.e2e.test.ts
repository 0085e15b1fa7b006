import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { createS3Store } from '@hasivu/object-store';
import { ChangeFeed } from './change-feed.ts';
import { ORDERS } from './orders-table.ts';
import { SinkFixture } from './sink-fixture.ts';

/** Codecs that the footers of a table's live files name. */
async function codecsOf(sink: SinkFixture, root: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hasivu-footers-'));
  const store = createS3Store(sink.lake);
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const paths = [...(await sink.dataFiles(root)).keys()];
    for (const [at, path] of paths.entries())
      await writeFile(join(folder, `${at}.parquet`), (await store.get(`${root}/${path}`)) ?? '');
    const found = await duckdb.runAndReadAll(
      `SELECT DISTINCT compression FROM parquet_metadata('${folder}/*.parquet') ORDER BY 1`,
    );
    return found.getRows().map(([name]) => String(name));
  } finally {
    duckdb.closeSync();
    store.close();
    await rm(folder, { recursive: true });
  }
}

test('files of the log, of the state and of a merge have the codec that is configured, and a new one holds from the next start on', async () => {
  const configured = (compression: string) => ({ tables: { 'public.orders': { compression } } });
  await using sink = await SinkFixture.create('codec', configured('snappy'));
  await using feed = await ChangeFeed.open(sink.kafka, ORDERS);
  await sink.start();
  await feed.send({ op: 'c', row: { id: 1, n: 1 } }, { op: 'c', row: { id: 2, n: 1 } });
  await sink.until('silver/public/orders', 'two rows', ({ rows }) => rows.length === 2);
  await feed.send({ op: 'u', row: { id: 1, n: 2 } });
  await sink.until('silver/public/orders', 'the change', ({ rows }) => rows.some(({ n }) => n === '2'));
  for (const layer of ['bronze', 'silver'])
    expect([layer, await codecsOf(sink, `${layer}/public/orders`)]).toEqual([layer, ['SNAPPY']]);
  await sink.service.stop();

  await sink.configure(configured('gzip'));
  await sink.start();
  await feed.send({ op: 'u', row: { id: 1, n: 3 } }, { op: 'u', row: { id: 2, n: 3 } });
  await sink.until('silver/public/orders', 'both changes', ({ rows }) => rows.every(({ n }) => n === '3'));
  const bronze = await sink.until('bronze/public/orders', 'all changes', ({ rows }) => rows.length === 5);
  expect(bronze.files.filter((path) => path.endsWith('.gzip.parquet'))).not.toEqual([]);
  expect(await codecsOf(sink, 'silver/public/orders')).toEqual(['GZIP']);
  expect(await codecsOf(sink, 'bronze/public/orders')).toEqual(['GZIP', 'SNAPPY']);
});
