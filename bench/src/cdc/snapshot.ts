import { setTimeout as sleep } from 'node:timers/promises';

import type { ConnectInstallation } from '@hasivu/peers';
import { topicPrefix, uniqueName } from '@hasivu/testing';

import { processUse } from '../process-cpu.ts';
import { BenchClient } from './bench-client.ts';
import { BENCH_TABLES, type BenchTable } from './bench-tables.ts';
import { startDebezium } from './debezium-drain.ts';
import { installed } from './drain-cell.ts';
import { recordsIn } from './drain-window.ts';
import { dumpTool, restoreCopy, type DumpTool } from './dump-restore.ts';
import { checkRuns, HasivuSource } from './hasivu-drain.ts';
import type { Scene } from './peer.ts';
import { deleteSlots, withScene, type SceneOptions } from './scene.ts';
import { rangeOf, type Range } from './statistics.ts';

export const SNAPSHOT_PEERS = ['hasivu', 'dump-restore', 'debezium-json'] as const;
export type SnapshotPeer = (typeof SNAPSHOT_PEERS)[number];

export interface SnapshotOptions extends SceneOptions {
  readonly peers: readonly SnapshotPeer[];
  readonly rows: number;
  /** Debezium copies a part of the table only: it would take most of the run. */
  readonly debeziumRows: number;
  readonly rounds: number;
  readonly connect: ConnectInstallation | null;
}

export interface SnapshotFigures {
  readonly peer: SnapshotPeer;
  readonly rows: number;
  /** What moved the rows, where the peer is more than one program. */
  readonly tool: string | null;
  /** CPU-seconds per million rows of the peer's own processes, Postgres' and the broker's not counted. */
  readonly cpu: Range;
  readonly rowsPerSecond: Range;
  readonly peakRssMiB: Range | null;
}

interface SnapshotSample {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMiB: number | null;
}

const POLL_MS = 25;

/**
 * Copies one table through each peer in turn. Ours is measured from the start of its process to the last row readable in
 * Kafka, a dump from its start to the end of the restore into an empty table with the same key, and Debezium from its
 * first row to its last, so that the start of its JVM does not count.
 */
export async function measureSnapshots(options: SnapshotOptions): Promise<SnapshotFigures[]> {
  const { peers, report, rows } = options;
  const table = orders();
  return await withScene(options, table, { name: uniqueName('snapshot'), partitions: 3 }, async (scene) => {
    const tool = peers.includes('dump-restore') ? await dumpTool() : null;
    report(`snapshot: filling the table with ${rows} rows`);
    {
      await using client = await BenchClient.connect(scene.database.url, scene.signal);
      await client.query(
        `insert into orders select ${table.row} from generate_series(1::bigint, ${rows}) id`,
      );
      await client.query('vacuum (analyze) orders');
    }
    const debeziumScene = peers.includes('debezium-json')
      ? await smallerTable(scene, options.debeziumRows)
      : scene;
    const samples = new Map<SnapshotPeer, SnapshotSample[]>(peers.map((peer) => [peer, []]));
    for (let turn = 0; turn < options.rounds; turn++) {
      for (const peer of [...peers.slice(turn % peers.length), ...peers.slice(0, turn % peers.length)]) {
        scene.signal.throwIfAborted();
        const sample = await takeSnapshot(peer, scene, debeziumScene, options, tool);
        samples.get(peer)?.push(sample);
        const cpu = (sample.cpuSeconds / sample.rows) * 1e6;
        report(
          `  ${peer}: ${Math.round(sample.rows / sample.seconds)} rows/s, ${cpu.toFixed(2)} CPU-s per million rows`,
        );
        await deleteSlots(scene);
        await scene.database.query('checkpoint');
      }
    }
    return peers.map((peer) =>
      figuresOf(peer, samples.get(peer) ?? [], peer === 'dump-restore' ? tool : null),
    );
  });
}

function figuresOf(
  peer: SnapshotPeer,
  samples: readonly SnapshotSample[],
  tool: DumpTool | null,
): SnapshotFigures {
  const peaks = samples.flatMap((sample) => (sample.peakRssMiB === null ? [] : [sample.peakRssMiB]));
  return {
    peer,
    rows: samples[0]?.rows ?? 0,
    tool: tool?.description ?? null,
    cpu: rangeOf(samples.map((sample) => (sample.cpuSeconds / sample.rows) * 1e6)),
    rowsPerSecond: rangeOf(
      samples.map((sample) => sample.rows / sample.seconds),
      0,
    ),
    peakRssMiB: peaks.length === 0 ? null : rangeOf(peaks, 0),
  };
}

async function takeSnapshot(
  peer: SnapshotPeer,
  scene: Scene,
  debeziumScene: Scene,
  options: SnapshotOptions,
  tool: DumpTool | null,
): Promise<SnapshotSample> {
  switch (peer) {
    case 'hasivu':
      return await hasivuSnapshot(scene, options.rows);
    case 'debezium-json':
      return await debeziumSnapshot(debeziumScene, options.debeziumRows, installed(options.connect));
    case 'dump-restore': {
      if (tool === null) throw new Error('no tool was looked for');
      const spent = await restoreCopy(tool, scene.database, scene.signal, orders().create);
      return { rows: options.rows, ...spent, peakRssMiB: null };
    }
  }
}

/** The first rows of the table as a table of their own. */
async function smallerTable(scene: Scene, rows: number): Promise<Scene> {
  await scene.database.query('create table orders_part (like orders including all)');
  await scene.database.query('insert into orders_part table orders limit $1', [rows]);
  await scene.database.query('vacuum (analyze) orders_part');
  await scene.database.query(`alter publication ${scene.publication} add table orders_part`);
  return { ...scene, table: 'orders_part' };
}

async function hasivuSnapshot(scene: Scene, rows: number): Promise<SnapshotSample> {
  await using source = new HasivuSource(scene, 'initial');
  const topic = `${source.prefix}.public.${scene.table}`;
  await scene.cluster.ensureTopics([{ topic, partitions: scene.partitions }]);
  const beganMs = performance.now();
  const service = await source.launch();
  while ((await recordsIn(scene, topic, 'read_committed')) < rows) {
    scene.signal.throwIfAborted();
    checkRuns(service);
    await sleep(POLL_MS);
  }
  const { cpuSeconds, peakRssMiB } = processUse(service.pid);
  return { rows, seconds: (performance.now() - beganMs) / 1000, cpuSeconds, peakRssMiB };
}

async function debeziumSnapshot(
  scene: Scene,
  rows: number,
  installation: ConnectInstallation,
): Promise<SnapshotSample> {
  await using topics = topicPrefix('bench_dbz');
  const name = topics.prefix;
  const topic = `${name}.public.${scene.table}`;
  await scene.cluster.ensureTopics([{ topic, partitions: scene.partitions }]);
  const options = { name, format: { type: 'json' }, snapshotMode: 'initial' } as const;
  await using debezium = await startDebezium(scene, installation, options);
  let begin: { readonly ms: number; readonly rows: number; readonly cpuSeconds: number } | null = null;
  for (;;) {
    scene.signal.throwIfAborted();
    const there = await recordsIn(scene, topic, 'read_uncommitted');
    if (there === 0) await debezium.taskState();
    const { cpuSeconds, peakRssMiB } = processUse(debezium.pid);
    const ms = performance.now();
    if (there > 0) begin ??= { ms, rows: there, cpuSeconds };
    if (begin && there >= rows) {
      const seconds = (ms - begin.ms) / 1000;
      return { rows: rows - begin.rows, seconds, cpuSeconds: cpuSeconds - begin.cpuSeconds, peakRssMiB };
    }
    await sleep(POLL_MS);
  }
}

function orders(): BenchTable {
  return BENCH_TABLES.find((table) => table.name === 'orders') as BenchTable;
}
