import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { DeltaTable, parseStatistics } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { spawnService, stack, testDatabase, topicPrefix, uniqueName } from '@hasivu/testing';
import { stringify } from 'yaml';

import { BenchClient } from '../cdc/bench-client.ts';
import { BENCH_TABLES } from '../cdc/bench-tables.ts';
import { quantile, round } from '../cdc/statistics.ts';
import { ORDERS_TABLE } from '../orders-table.ts';

export interface FreshnessOptions {
  readonly rowsPerSecond: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** Milliseconds from a COMMIT being sent to Postgres to its rows being in the newest version of silver. */
export interface FreshnessFigures {
  readonly rowsPerSecond: number;
  readonly transactions: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

const TICK_MS = 50;
const POLL_MS = 20;
const VISIBLE_WITHIN_MS = 120_000;

/** Source and sink as they ship, bronze and silver, a flush each second; a reader that polls silver's log. */
export async function measureFreshness(options: FreshnessOptions): Promise<FreshnessFigures> {
  const { signal, report } = options;
  await using database = await testDatabase(uniqueName('fresh'));
  await using topics = topicPrefix('fresh');
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  const store = createS3Store(stack().s3);
  try {
    await database.query(ORDERS_TABLE);
    const path = join(directory, 'hasivu.yaml');
    writeFileSync(path, configOf(database.url, topics.prefix), { mode: 0o600 });
    await using source = await spawnService('cdc-source', path);
    await source.waitReady();
    await using sink = await spawnService('lake-sink', path);
    await sink.waitReady();
    await using client = await BenchClient.connect(database.url, signal);
    const insert = insertSql();
    await client.query(insert, [1, 1]);
    const silver = await opened(`${topics.prefix}/silver/public/orders`, store, signal);
    const waiting: { readonly lastId: number; readonly atMs: number }[] = [];
    const taken: number[] = [];
    const look = async (): Promise<void> => {
      await silver.refresh();
      const visible = newestId(silver);
      const now = performance.now();
      while (waiting[0] !== undefined && waiting[0].lastId <= visible)
        taken.push(now - (waiting.shift()?.atMs ?? now));
    };
    const perTick = Math.round((options.rowsPerSecond * TICK_MS) / 1000);
    const ticks = Math.round((options.seconds * 1000) / TICK_MS);
    let written = false;
    const watching = (async () => {
      const deadline = performance.now() + options.seconds * 1000 + VISIBLE_WITHIN_MS;
      while (!written || waiting.length > 0) {
        signal.throwIfAborted();
        if (performance.now() > deadline) throw new Error(`${waiting.length} commits never became visible`);
        await look();
        await sleep(POLL_MS);
      }
    })();
    const began = performance.now();
    for (let tick = 0; tick < ticks; tick++) {
      await sleep(Math.max(0, began + tick * TICK_MS - performance.now()));
      const firstId = 2 + tick * perTick;
      const lastId = firstId + perTick - 1;
      const atMs = performance.now();
      await client.query(insert, [firstId, lastId]);
      waiting.push({ lastId, atMs });
    }
    written = true;
    await watching;
    const sorted = Float64Array.from(taken).sort();
    const figures = {
      rowsPerSecond: options.rowsPerSecond,
      transactions: sorted.length,
      p50: round(quantile(sorted, 0.5), 0),
      p99: round(quantile(sorted, 0.99), 0),
      worst: round(sorted.at(-1) ?? NaN, 0),
    };
    report(`freshness at ${figures.rowsPerSecond} rows/s: p50 ${figures.p50} ms, p99 ${figures.p99} ms`);
    return figures;
  } finally {
    store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function opened(
  root: string,
  store: ReturnType<typeof createS3Store>,
  signal: AbortSignal,
): Promise<DeltaTable> {
  const around = { store, nowMs: Date.now, newId: randomUUID };
  for (;;) {
    signal.throwIfAborted();
    const table = await DeltaTable.open(root, around);
    if (table !== null) return table;
    await sleep(POLL_MS);
  }
}

/** With one Kafka partition rows become visible in the order of their ids. */
function newestId(table: DeltaTable): number {
  let newest = 0;
  for (const { stats } of table.state.files.values())
    newest = Math.max(newest, Number(parseStatistics(stats).columns.get('id')?.max ?? 0));
  return newest;
}

function insertSql(): string {
  const row = BENCH_TABLES.find(({ name }) => name === 'orders')?.row ?? '';
  return `insert into orders select ${row} from generate_series($1::bigint, $2::bigint) id`;
}

function configOf(url: string, prefix: string): string {
  const { kafka, registry, s3 } = stack();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3;
  return stringify({
    version: 1,
    source: { postgres: { url, tables: ['public.orders'], publication: prefix, slot: prefix } },
    kafka: { brokers: kafka.brokers, registry: registry.url, prefix, topics: { partitions: 1 } },
    lake: { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey },
  });
}
