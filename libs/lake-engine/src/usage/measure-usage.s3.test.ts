import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bucketPrefix, checkProperty, listedObjects } from '@hasivu/testing';
import { countingStore, createS3Store, type ObjectStore } from '../../../object-store/src/index.ts';
import { atOnce } from '../at-once.ts';
import { CapacityLedger } from './core/capacity-ledger.ts';
import { measureUsage } from './measure-usage.ts';

/** Larger than a part of an upload. */
const LARGE = 9 << 20;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'measure-usage-'));
  await writeFile(join(folder, 'large'), new Uint8Array(LARGE));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sum = (found: ReadonlyMap<string, number>, prefix = ''): number =>
  [...found].reduce((bytes, [key, size]) => bytes + (key.startsWith(prefix) ? size : 0), 0);

const KEYS = [
  'bronze/public/orders/part-1.parquet',
  'bronze/public/orders/day=2026-01-01/part-2.parquet',
  'bronze/public/orders/_delta_log/00000000000000000000.json',
  'silver/public/orders/deletion_vector_1.bin',
  'silver/public/orders/_change_data/cdc-1.parquet',
  'silver/public/orders two/part-1.parquet',
  'history/public/h/part-1.parquet',
  'curated/p/o/part-1.parquet',
  '_access/last-read.zst',
  'bronze/notes.txt',
];

test('after any puts, replacements, uploads in parts and deletes the usage is what an independent listing has, in all and by table', async () => {
  const key = fc.constantFrom(...KEYS);
  const step = fc.oneof(
    fc.record({ does: fc.constantFrom('put' as const, 'create' as const), key, bytes: fc.nat(5_000) }),
    fc.record({ does: fc.constant('delete' as const), key, bytes: fc.constant(0) }),
    {
      weight: 1,
      arbitrary: fc.record({ does: fc.constant('putFile' as const), key, bytes: fc.constant(LARGE) }),
    },
  );
  const { runs } = await checkProperty(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      await using lake = bucketPrefix('usage');
      const plain = createS3Store(lake);
      const ledger = new CapacityLedger(Infinity);
      const store = countingStore(plain, (bytes) => ledger.stored(bytes));
      try {
        for (const { does, key: at, bytes } of steps) await act(store, does, at, bytes);
        const found = await listedObjects(lake);
        const usage = await measureUsage(store);
        expect(usage.total).toEqual({ objects: found.size, bytes: sum(found) });
        // Before it was listed it was never taken for less.
        expect(ledger.usedBytes).toBeGreaterThanOrEqual(sum(found));
        for (const [table, kinds] of usage.tables) {
          const bytes = Object.values(kinds).reduce((all, one) => all + one.bytes, 0);
          if (table !== '') expect([table, bytes]).toEqual([table, sum(found, `${table}/`)]);
        }
      } finally {
        plain.close();
      }
    }),
    { budgetMs: 8_000 },
  );
  expect(runs).toBeGreaterThan(5);
}, 120_000);

async function act(store: ObjectStore, does: string, key: string, bytes: number): Promise<void> {
  if (does === 'delete') await store.delete(key);
  else if (does === 'putFile') await store.putFile(key, join(folder, 'large'));
  else if (does === 'create') await store.putIfAbsent(key, new Uint8Array(bytes));
  else await store.put(key, new Uint8Array(bytes));
}

test('more objects than a page are all counted, each by its kind', async () => {
  await using lake = bucketPrefix('pages');
  const store = createS3Store(lake);
  try {
    const puts = Array.from({ length: 2_300 }, (_, at) => at);
    await atOnce(puts, 16, (at) =>
      store.put(`bronze/public/t${at % 3}/part-${at}.parquet`, new Uint8Array(at % 7)),
    );
    let pages = 0;
    const usage = await measureUsage(store, { onPage: () => (pages += 1) });
    const found = await listedObjects(lake);
    expect([usage.total, pages]).toEqual([{ objects: 2_300, bytes: sum(found) }, 2]);
    expect([...usage.tables].map(([table, { data }]) => [table, data.objects])).toEqual([
      ['bronze/public/t0', 767],
      ['bronze/public/t1', 767],
      ['bronze/public/t2', 766],
    ]);
  } finally {
    store.close();
  }
}, 60_000);
