import { setTimeout as sleep } from 'node:timers/promises';

import { Fetcher } from '@hasivu/kafka';
import type { ConnectInstallation } from '@hasivu/peers';
import { topicPrefix, uniqueName, waitFor } from '@hasivu/testing';

import { BenchClient } from './bench-client.ts';
import { BENCH_TABLES } from './bench-tables.ts';
import { startDebezium } from './debezium-drain.ts';
import { installed } from './drain-cell.ts';
import { walsenderOf } from './drain-window.ts';
import { HasivuSource } from './hasivu-drain.ts';
import type { Scene } from './peer.ts';
import { withScene, type SceneOptions } from './scene.ts';
import { quantile, rangeOf, round, type Range } from './statistics.ts';

export const LATENCY_PEERS = ['hasivu', 'debezium-json'] as const;
export type LatencyPeer = (typeof LATENCY_PEERS)[number];

export interface LatencyOptions extends SceneOptions {
  readonly peers: readonly LatencyPeer[];
  /** Rows per second, each at least 100. */
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly connect: ConnectInstallation | null;
}

/** Milliseconds from the COMMIT being sent to a consumer of committed records holding the row. */
export interface LatencyFigures {
  readonly peer: LatencyPeer;
  readonly rate: number;
  readonly reachedRate: number;
  readonly p50: Range;
  readonly p99: Range;
}

const TICK_MS = 10;
const SETTLE_MS = 2_000;
const ARRIVES_WITHIN_MS = 60_000;

/** Inserts at fixed rates while a peer runs, and a consumer in this process waits for each row. One partition. */
export async function measureLatency(options: LatencyOptions): Promise<LatencyFigures[]> {
  const orders = BENCH_TABLES.find((table) => table.name === 'orders') as (typeof BENCH_TABLES)[number];
  return await withScene(options, orders, { name: uniqueName('latency'), partitions: 1 }, async (scene) => {
    const taken = new Map<string, { p50: number[]; p99: number[]; reached: number[] }>();
    let nextId = 1;
    for (let turn = 0; turn < options.rounds; turn++) {
      for (const peer of turn % 2 === 0 ? options.peers : [...options.peers].reverse()) {
        await using stage = new AsyncDisposableStack();
        const prefix = await startPeer(scene, peer, options.connect, stage);
        for (const rate of options.rates) {
          const load = { rate, seconds: options.seconds, firstId: nextId };
          const { latencies, reachedRate, rows } = await probe(scene, prefix, load);
          nextId += rows;
          latencies.sort();
          const figures = { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
          scene.report(
            `  ${peer} at ${rate} rows/s: p50 ${figures.p50.toFixed(1)} ms, p99 ${figures.p99.toFixed(1)} ms`,
          );
          const all = taken.get(`${peer} ${rate}`) ?? { p50: [], p99: [], reached: [] };
          all.p50.push(figures.p50);
          all.p99.push(figures.p99);
          all.reached.push(reachedRate);
          taken.set(`${peer} ${rate}`, all);
        }
      }
    }
    return options.peers.flatMap((peer) =>
      options.rates.flatMap((rate) => {
        const all = taken.get(`${peer} ${rate}`);
        if (!all) return [];
        const reachedRate = round(rangeOf(all.reached).median, 0);
        return [{ peer, rate, reachedRate, p50: rangeOf(all.p50, 1), p99: rangeOf(all.p99, 1) }];
      }),
    );
  });
}

/** Starts a peer that streams; returns its topic prefix. It ends with `stage`. */
async function startPeer(
  scene: Scene,
  peer: LatencyPeer,
  connect: ConnectInstallation | null,
  stage: AsyncDisposableStack,
): Promise<string> {
  if (peer === 'hasivu') {
    const source = stage.use(new HasivuSource(scene, 'never'));
    await (await source.launch()).waitReady();
    return source.prefix;
  }
  const { prefix: name } = stage.use(topicPrefix('bench_dbz'));
  await scene.database.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [name]);
  const options = { name, format: { type: 'json' }, snapshotMode: 'no_data' } as const;
  const debezium = stage.use(await startDebezium(scene, installed(connect), options));
  await debezium.waitRunning(scene.signal);
  await scene.cluster.ensureTopics([{ topic: `${name}.public.orders`, partitions: 1 }]);
  await waitFor('Debezium to read its slot', async () => (await walsenderOf(scene, name)) !== 0, {
    timeoutMs: ARRIVES_WITHIN_MS,
  });
  return name;
}

interface ProbeLoad {
  readonly rate: number;
  readonly seconds: number;
  readonly firstId: number;
}

async function probe(
  scene: Scene,
  prefix: string,
  { rate, seconds, firstId }: ProbeLoad,
): Promise<{ readonly latencies: Float64Array; readonly reachedRate: number; readonly rows: number }> {
  const topic = `${prefix}.public.orders`;
  const from = (await scene.cluster.endOffsets(topic)).get(0) ?? 0n;
  const perTick = Math.max(1, Math.round((rate * TICK_MS) / 1000));
  const settleTicks = SETTLE_MS / TICK_MS;
  const ticks = settleTicks + (seconds * 1000) / TICK_MS;
  const committedMs = new Float64Array(ticks);
  const latencies = new Float64Array((ticks - settleTicks) * perTick);
  const stop = new AbortController();
  const consumed = consume(scene, topic, from, ticks * perTick, stop.signal, (row, ms) => {
    const tick = Math.floor(row / perTick);
    if (tick >= settleTicks) latencies[row - settleTicks * perTick] = ms - (committedMs[tick] as number);
  });
  consumed.catch(() => undefined);
  try {
    const elapsedMs = await insertAt(scene, firstId, perTick, committedMs);
    await consumed;
    return { latencies, reachedRate: (ticks * perTick * 1000) / elapsedMs, rows: ticks * perTick };
  } finally {
    stop.abort();
  }
}

/** One transaction of `perTick` rows every ten milliseconds, or as soon as the one before is committed. */
async function insertAt(
  scene: Scene,
  firstId: number,
  perTick: number,
  committedMs: Float64Array,
): Promise<number> {
  const orders = BENCH_TABLES.find((table) => table.name === 'orders');
  await using client = await BenchClient.connect(scene.database.url, scene.signal);
  const startMs = performance.now();
  const insert = `insert into orders select ${orders?.row ?? ''} from generate_series($1::bigint, $2::bigint) id`;
  for (let tick = 0; tick < committedMs.length; tick++) {
    const aheadMs = startMs + tick * TICK_MS - performance.now();
    if (aheadMs > 1) await sleep(aheadMs);
    await client.query('begin');
    await client.query({
      name: 'insert',
      text: insert,
      values: [firstId + tick * perTick, firstId + (tick + 1) * perTick - 1],
    });
    committedMs[tick] = performance.now();
    await client.query('commit');
  }
  return performance.now() - startMs;
}

/** Calls `arrived` with the number of each record that carries a row, in order, and the time. */
async function consume(
  scene: Scene,
  topic: string,
  from: bigint,
  rows: number,
  stop: AbortSignal,
  arrived: (row: number, ms: number) => void,
): Promise<void> {
  const fetcher = new Fetcher(scene.cluster, {
    assignments: [{ topic, partition: 0, offset: from }],
    isolation: 'read_committed',
  });
  try {
    let row = 0;
    while (row < rows) {
      const idle = AbortSignal.any([stop, scene.signal, AbortSignal.timeout(ARRIVES_WITHIN_MS)]);
      const batch = await fetcher.next(idle);
      if (!batch) throw new Error(`${rows - row} rows did not arrive in ${topic}`);
      const ms = performance.now();
      while (batch.cursor.next()) arrived(row++, ms);
    }
  } finally {
    fetcher.close();
  }
}
