import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { loadConfig } from '@hasivu/config';
import { Engine, FileCache } from '@hasivu/lake-engine';
import { countingStore, createS3Store } from '@hasivu/object-store';
import { listedObjects, waitFor } from '@hasivu/testing';
import { Registry } from 'prom-client';
import { ChangeFeed, type Change } from '../../lake-sink/test/change-feed.ts';
import { ORDERS } from '../../lake-sink/test/orders-table.ts';
import { SinkFixture } from '../../lake-sink/test/sink-fixture.ts';
import { KeeperLoop } from '../src/io/keeper-loop.ts';
import { KeptCapacity } from '../src/io/kept-capacity.ts';
import { KeptTables } from '../src/io/kept-tables.ts';
import { createKeeperMetrics } from '../src/metrics.ts';

const BRONZE = 'bronze/public/orders';
const SILVER = 'silver/public/orders';
/** Past the retention of files, which no schedule goes below. */
const LATER_MS = 8 * 86_400_000;

/** The keeper's own parts, with a clock that is ahead, while the condition does not hold; what it measured last. */
async function keepUntil(
  sink: SinkFixture,
  holds: (metrics: string) => boolean,
): Promise<{ metrics: string; logs: object[] }> {
  const { accessKeyId, secretAccessKey } = sink.lake;
  const config = loadConfig(sink.configPath, { LAKE_KEY: accessKeyId, LAKE_SECRET: secretAccessKey });
  const { lake } = config;
  if (lake?.capacity === undefined) throw new Error('a keeper of a lake with a capacity');
  const registry = new Registry();
  const metrics = createKeeperMetrics(registry);
  const stop = new AbortController();
  const logs: object[] = [];
  const log = (facts: object, msg: string): void => void logs.push({ ...facts, msg });
  const nothing = (): void => undefined;
  const context = {
    logger: { info: log, warn: log, error: log } as never,
    countError: nothing,
    alive: nothing,
    ready: nothing,
    signal: stop.signal,
  };
  const nowMs = (): number => Date.now() + LATER_MS;
  await using resources = new AsyncDisposableStack();
  const place = resources.adopt(createS3Store(sink.lake), (open) => open.close());
  const capacity = new KeptCapacity(lake.capacity, place, metrics, context);
  const store = countingStore(place, capacity.stored);
  const around = { store, nowMs, newId: randomUUID, engineInfo: 'test' };
  const cache = resources.adopt(await FileCache.open(store, 'full-lake', 64 << 20), (open) => open.close());
  const engine = resources.adopt(new Engine({ folder: cache.folder, memoryBytes: 64e6 }), (open) =>
    open.close(),
  );
  const loop = new KeeperLoop({
    tables: new KeptTables(config, lake, store, around),
    tools: { store, around, engine, cache, metrics, failpoint: nothing, alive: nothing, signal: stop.signal },
    capacity,
    metrics,
    intervalMs: 100,
    concurrency: 2,
    nowMs,
    context,
  });
  const running = Promise.all([loop.run(stop.signal), capacity.run()]);
  try {
    await Promise.race([
      running,
      waitFor('the keeper', async () => holds(await registry.metrics()), { timeoutMs: 90_000 }),
    ]);
    return { metrics: await registry.metrics(), logs };
  } finally {
    stop.abort();
    await running;
  }
}

function sumOf(metrics: string, name: string, label = ''): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const valueOf = (metrics: string, name: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );

function show(rows: readonly Readonly<Record<string, unknown>>[]): string {
  return rows
    .map((row) => `${String(row['id'])}=${String(row['n'])}`)
    .sort()
    .join();
}

test('a full lake is still vacuumed and its files are not rewritten, what is measured is true to a listing, and the sink goes on by itself', async () => {
  await using sink = await SinkFixture.create('full', {
    deletionVectors: { enabled: false },
    capacity: { maxBytes: 500_000, listEveryMs: 500, recheckEveryMs: 300 },
    maintenance: { compaction: { minFiles: 4, settleMs: 0 } },
  });
  await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 2 });
  const last = new Map<number, number>();
  let sent = 0;
  const round = async (n: number): Promise<void> => {
    const changes: Change[] = [];
    for (let id = 0; id < 2_000; id += 1) {
      changes.push({ op: last.has(id) ? 'u' : 'c', row: { id, n } });
      last.set(id, n);
    }
    sent += changes.length;
    await feed.send(...changes);
  };
  const running = await sink.start();
  const isRefused = async (): Promise<boolean> => (await fetch(`${running.url}/readyz`)).status === 503;
  for (let n = 1; n < 200 && !(await isRefused()); n += 1) {
    await round(n);
    await sleep(300);
  }
  await waitFor('the sink to be refused', isRefused);
  for (let n = 200; n < 205; n += 1) await round(n);
  // A clock that is eight days ahead would take what the sink has in hand: it stands still meanwhile.
  running.signal('SIGSTOP');
  const before = await listedObjects(sink.lake);
  const { metrics, logs } = await keepUntil(
    sink,
    (text) =>
      /hasivu_keeper_jobs_total\{job="vacuum",result="done"\} [2-9]/u.test(text) &&
      valueOf(text, 'hasivu_keeper_tables_without_room') === 0,
  );
  const bytes = (found: ReadonlyMap<string, number>, prefix = ''): number =>
    [...found].reduce((sum, [key, size]) => sum + (key.startsWith(prefix) ? size : 0), 0);
  expect(bytes(await listedObjects(sink.lake))).toBeLessThan(bytes(before) - 50_000);
  expect(logs).toContainEqual(
    expect.objectContaining({ code: 'LAKE_CAPACITY_EXCEEDED', capacityBytes: 500_000 }),
  );
  const told = logs.filter((line) =>
    String((line as { msg: string }).msg).startsWith('files of some tables'),
  );
  expect(told.length).toBe(1);
  // What was due for it was rewritten only once there was room.
  const order = logs.flatMap((line) => (line as { job?: string }).job ?? []);
  expect(order[0]).toBe('vacuum');
  expect(metrics).toContain('hasivu_lake_capacity_bytes 500000');

  // Nothing writes now: what the next keeper lists is what there is.
  await waitFor('metrics that are true to the listing', async () => {
    const { metrics: text } = await keepUntil(sink, (one) => sumOf(one, 'hasivu_lake_stored_bytes') > 0);
    const now = await listedObjects(sink.lake);
    return (
      sumOf(text, 'hasivu_lake_stored_bytes') === bytes(now) &&
      sumOf(text, 'hasivu_lake_stored_objects') === now.size &&
      sumOf(text, 'hasivu_lake_stored_bytes', `table="${SILVER}"`) === bytes(now, `${SILVER}/`) &&
      sumOf(text, 'hasivu_lake_stored_bytes', `table="${BRONZE}",kind="log"`) ===
        bytes(now, `${BRONZE}/_delta_log/`)
    );
  });

  running.signal('SIGCONT');
  const wanted = show([...last].map(([id, n]) => ({ id, n })));
  await sink.until(SILVER, 'the last change per key', ({ rows }) => show(rows) === wanted);
  const { rows } = await sink.until(BRONZE, 'every change', (all) => all.rows.length >= sent);
  const places = rows.map((row) => `${String(row['_partition'])}/${String(row['_offset'])}`);
  expect([places.length, new Set(places).size]).toEqual([sent, sent]);
  expect(await isRefused()).toBe(false);
  expect((await running.stop()).code).toBe(0);
}, 300_000);

test('small files are not rewritten where that would fill the lake beyond where it is warned, though they would fit, and are once there is room', async () => {
  await using sink = await SinkFixture.create('filling');
  await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 1 });
  const running = await sink.start();
  for (let n = 0; n < 6; n += 1) {
    await feed.send(
      ...Array.from({ length: 500 }, (_, id): Change => ({ op: 'c', row: { id: n * 500 + id, n } })),
    );
    await sink.offsets(BRONZE, feed.topic, { 0: n * 500 + 499 });
  }
  expect((await running.stop()).code).toBe(0);
  const written = [...(await listedObjects(sink.lake)).values()].reduce((sum, size) => sum + size, 0);
  const files = (await sink.dataFiles(BRONZE)).size;
  const store = createS3Store(sink.lake);
  try {
    // To the warning 0.1 % is left, less than any rewrite takes; to the end a fifth, more than all tables have.
    await store.put('ballast', new Uint8Array(10 * written));
    const maxBytes = Math.floor((11 * written) / 0.799);
    await sink.configure({
      capacity: { maxBytes, listEveryMs: 500, recheckEveryMs: 300 },
      maintenance: { compaction: { minFiles: 4, settleMs: 0 } },
    });
    const { logs } = await keepUntil(
      sink,
      (text) => valueOf(text, 'hasivu_keeper_tables_without_room') > 0 && text.includes('job="vacuum"'),
    );
    expect(logs.flatMap((line) => (line as { job?: string }).job ?? [])).not.toContain('optimize');
    expect(logs).toContainEqual(expect.objectContaining({ rewritesUpToBytes: Math.floor(0.8 * maxBytes) }));
    expect((await sink.dataFiles(BRONZE)).size).toBe(files);
    await store.delete('ballast');
  } finally {
    store.close();
  }
  await keepUntil(sink, (text) =>
    /hasivu_keeper_jobs_total\{job="optimize",result="done"\} [1-9]/u.test(text),
  );
  expect((await sink.dataFiles(BRONZE)).size).toBeLessThan(files);
}, 180_000);
