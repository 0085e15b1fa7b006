import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { DeltaTable, field } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { MemoryStore } from '@hasivu/object-store';
import { tableUsages, type TableUsage } from './table-usage.ts';
import { usageTable } from './usage-table.ts';

const json = (...actions: object[]): Uint8Array =>
  Buffer.from(actions.map((action) => `${JSON.stringify(action)}\n`).join(''));

async function usagesOf(store: MemoryStore): Promise<TableUsage[]> {
  const found: TableUsage[] = [];
  for await (const usage of tableUsages(store, new AbortController().signal)) found.push(usage);
  return found;
}

async function lakeWithABrokenTable(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const protocol = {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: ['catalogManaged'],
    writerFeatures: ['catalogManaged'],
  };
  const metaData = {
    id: 'a',
    format: { provider: 'parquet', options: {} },
    schemaString: '{"type":"struct","fields":[]}',
    partitionColumns: [],
    configuration: {},
  };
  await store.put('bronze/public/a/_delta_log/00000000000000000000.json', json({ protocol }, { metaData }));
  await store.put('bronze/public/a/part.parquet', new Uint8Array(1_000));
  const around = { store, nowMs: Date.now, newId: randomUUID };
  await DeltaTable.create(
    'bronze/public/b',
    { schema: { type: 'struct', fields: [field('id', 'long')] }, partitionColumns: [], configuration: {} },
    around,
  );
  await store.put('bronze/public/b/left-behind.parquet', new Uint8Array(30));
  return store;
}

test('a table whose log cannot be read takes its room under the code of the reason, and the others are told as ever', async () => {
  const usages = await usagesOf(await lakeWithABrokenTable());
  expect(usages).toMatchObject([
    {
      table: 'bronze/public/a',
      unreadable: expect.stringMatching(/^LAKE_/u),
      kinds: { unknown: { objects: 1, bytes: 1_000 }, removed: { objects: 0 }, log: { objects: 1 } },
    },
    {
      table: 'bronze/public/b',
      unreadable: null,
      kinds: { unknown: { objects: 0 }, removed: { bytes: 30 } },
    },
  ]);
  const lines = usageTable(usages, null);
  expect(lines[0]).toMatch(/to vacuum +unreadable +log/u);
  expect(lines.at(-2)).toMatch(/^bronze\/public\/a cannot be read \(LAKE_/u);
});

test('a store that does not answer is an error, and not a table without files', async () => {
  const store = await lakeWithABrokenTable();
  store.get = () => Promise.reject(new PlatformError('STORE_UNREACHABLE', { doing: 'reading a log' }));
  await expect(usagesOf(store)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
});
