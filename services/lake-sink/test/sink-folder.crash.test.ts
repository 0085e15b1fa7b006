import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TableSchema } from '@hasivu/change-events';
import { spawnService, topicPrefix, waitFor, type SpawnedService } from '@hasivu/testing';
import { ChangeFeed } from './change-feed.ts';
import { readDelta } from './read-delta.ts';

const table: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'orders',
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'tenant', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
};
const kafka = topicPrefix('folder');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hasivu-folder-lake-'));
});
afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function start(lake: string, failpoint = ''): Promise<SpawnedService> {
  const path = join(folder, 'hasivu.yaml');
  const { brokers, registry, prefix } = kafka;
  await writeFile(
    path,
    JSON.stringify({
      version: 1,
      kafka: { brokers, registry, prefix },
      lake: { folder: lake, flush: { intervalMs: 100 } },
      tables: { 'public.orders': { partitionBy: ['tenant'] } },
    }),
  );
  return spawnService('lake-sink', path, { env: { HASIVU_FAILPOINT: failpoint } });
}

test('a lake in a folder is read by others, and kills between upload and commit leave no hole and no repeat', async () => {
  await using feed = await ChangeFeed.open(kafka, table, { partitions: 2 });
  const row = (id: number) => ({ op: 'c', row: { id, tenant: `school ${id % 3}/50%` } }) as const;
  let sent = 0;
  for (const failpoint of ['log-uploaded:1', 'log-committed:1', 'state-uploaded:1']) {
    await feed.send(row((sent += 1)), row((sent += 1)));
    await using killed = await start(folder, failpoint);
    expect((await killed.exited).signal).toBe('SIGKILL');
  }
  await using sink = await start(folder);
  await feed.send(row((sent += 1)));
  const ids = Array.from({ length: sent }, (_, n) => String(n + 1));
  for (const layer of ['bronze', 'silver']) {
    await waitFor(`${layer} to have ${sent} rows once each`, async () => {
      if (!sink.running) throw new Error(sink.output.slice(-5).join('\n'));
      const found = await readDelta({ folder }, `${layer}/public/orders`);
      const rows = (found?.rows ?? []).map(({ id }) => String(id)).sort((a, b) => Number(a) - Number(b));
      return rows.join() === ids.join();
    });
  }
  expect(await readdir(join(folder, '.drafts'))).toEqual([]);
});

test('a folder that is not mounted ends the sink with the code that says so, and is not made', async () => {
  await using sink = await start(join(folder, 'mount'));
  expect((await sink.exited).code).toBe(2);
  expect(sink.output.join('\n')).toContain('STORE_BUCKET_MISSING');
  expect(await readdir(folder)).not.toContain('mount');
});
