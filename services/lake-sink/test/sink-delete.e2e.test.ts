import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { DeltaTable } from '@hasivu/delta';
import { deleteRows, Engine, FileCache, OpenTable } from '@hasivu/lake-engine';
import { createS3Store } from '@hasivu/object-store';
import { ChangeFeed, type Change } from './change-feed.ts';
import { ORDERS } from './orders-table.ts';
import { MARK_ALWAYS, SinkFixture } from './sink-fixture.ts';

/** Rows below are deleted in the lake, those above change in the source. */
const DELETED = 200;
const ROWS = 400;

const ways = [
  { way: 'files are rewritten', deletionVectors: { enabled: false } },
  { way: 'rows are marked', deletionVectors: { ...MARK_ALWAYS, maxDeletedShare: 0.9 } },
];

describe.each(ways)(
  'rows that are deleted in the lake beside a running sink where $way',
  ({ deletionVectors }) => {
    test('are gone from silver and bronze, and no other row is lost or comes twice', async () => {
      await using sink = await SinkFixture.create('delete', {
        deletionVectors,
        tables: { 'public.orders': { changeDataFeed: true } },
      });
      await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 2 });
      const last = new Map<number, number>();
      let sent = 0;
      const change = (id: number, n: number): Change => {
        const op = last.has(id) ? 'u' : 'c';
        last.set(id, n);
        if (id >= DELETED) sent += 1;
        return { op, row: { id, n } };
      };
      await sink.start();
      await feed.send(...Array.from({ length: ROWS }, (_, id) => change(id, 0)));
      await sink.until('silver/public/orders', 'the first rows', ({ rows }) => rows.length === ROWS);

      const store = createS3Store(sink.lake);
      const cache = await FileCache.open(store, `delete-test-${randomUUID().slice(0, 8)}`, 64 << 20);
      const engine = new Engine({ folder: `${cache.folder}/engine`, memoryBytes: 256 << 20 });
      const around = { store, nowMs: Date.now, newId: randomUUID };
      const deleteFrom = async (root: string, where: string): Promise<number> => {
        const table = (await DeltaTable.open(root, around)) as DeltaTable;
        return (await deleteRows(new OpenTable(table, around), { engine, cache }, { where })).rows;
      };
      let isLoading = true;
      const load = (async () => {
        for (let n = 1; isLoading; n += 1) {
          await feed.send(
            ...Array.from({ length: 20 }, (_, at) => change(DELETED + ((n * 7 + at * 11) % 200), n)),
          );
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      })();
      try {
        let gone = 0;
        for (let from = 0; from < DELETED; from += 50)
          gone += await deleteFrom('silver/public/orders', `id BETWEEN ${from} AND ${from + 49}`);
        expect(gone).toBe(DELETED);
        expect(await deleteFrom('bronze/public/orders', `id < ${DELETED} AND _op = 'c'`)).toBe(DELETED);
      } finally {
        isLoading = false;
        await load;
        await engine.close();
        await cache.close();
        store.close();
      }
      const show = (rows: readonly Record<string, unknown>[]): string =>
        rows
          .map((row) => `${String(row['id'])}=${String(row['n'])}`)
          .sort()
          .join();
      for (let id = 0; id < DELETED; id += 1) last.delete(id);
      const wanted = show([...last].map(([id, n]) => ({ id, n })));
      await sink.until('silver/public/orders', 'the last changes', ({ rows }) => show(rows) === wanted);
      const bronze = await sink.read('bronze/public/orders');
      const positions = bronze.rows.map((row) => `${String(row['_lsn'])}/${String(row['_seq'])}`);
      expect([bronze.rows.length, new Set(positions).size]).toEqual([sent, sent]);
    });
  },
);
