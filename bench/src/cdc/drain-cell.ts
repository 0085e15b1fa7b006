import type { ConnectInstallation } from '@hasivu/peers';
import { stack, uniqueName } from '@hasivu/testing';

import { BenchClient } from './bench-client.ts';
import { emptyTable, writeLoad, type LoadedLog } from './cell-load.ts';
import { loadSize, type Cell } from './cell.ts';
import { debeziumDrain } from './debezium-drain.ts';
import { hasivuDrain } from './hasivu-drain.ts';
import type { Drain, DrainSample, PeerName, Scene } from './peer.ts';
import { deleteSlots, withScene, type SceneOptions } from './scene.ts';
import { walsenderDrain } from './walsender-drain.ts';

export interface DrainOptions extends SceneOptions {
  readonly cell: Cell;
  readonly rows: number;
  readonly warmUp: number;
  readonly rounds: number;
  readonly peers: readonly PeerName[];
  /** Null where no peer needs it. */
  readonly connect: ConnectInstallation | null;
}

/** What one round gave: every peer read the same log. */
export interface DrainRound {
  readonly logBytes: number;
  readonly samples: Partial<Record<PeerName, DrainSample>>;
}

/**
 * Drains the same backlog through each peer, one after the other: per round, every peer takes its slot, the load is
 * written once, and the peers read it, another one first in each round.
 */
export async function drainCell(options: DrainOptions): Promise<DrainRound[]> {
  const { cell, rounds, report } = options;
  const size = loadSize(cell, options.rows, options.warmUp);
  return await withScene(options, cell.table, { name: uniqueName('bench'), partitions: 3 }, async (scene) => {
    const results: DrainRound[] = [];
    for (let round = 0; round < rounds; round++) {
      report(`${cell.name}, round ${round + 1} of ${rounds}: ${size.rows} rows`);
      results.push(await drainRound(scene, options, round));
      await deleteSlots(scene);
    }
    return results;
  });
}

async function drainRound(scene: Scene, options: DrainOptions, round: number): Promise<DrainRound> {
  const { cell, peers } = options;
  const samples: Partial<Record<PeerName, DrainSample>> = {};
  await using drains = new AsyncDisposableStack();
  const client = drains.use(await BenchClient.connect(scene.database.url, scene.signal));
  await emptyTable(client, cell);
  const placed: { readonly peer: PeerName; readonly drain: Drain }[] = [];
  for (const peer of [...peers.slice(round % peers.length), ...peers.slice(0, round % peers.length)]) {
    scene.signal.throwIfAborted();
    placed.push({ peer, drain: drains.use(await placePeer(scene, peer, options.connect)) });
  }
  const log: LoadedLog = await writeLoad(client, cell, loadSize(cell, options.rows, options.warmUp));
  for (const { peer, drain } of placed) {
    const sample = await drain.run(log);
    await drain[Symbol.asyncDispose]();
    samples[peer] = sample;
    const cpu = (sample.cpuSeconds.peer / sample.rows) * 1e6;
    scene.report(
      `  ${peer}: ${cpu.toFixed(2)} CPU-s per million rows, ${Math.round(sample.rows / sample.seconds)} rows/s, ${Math.round(sample.peakRssMiB)} MiB`,
    );
  }
  return { logBytes: log.logBytes, samples };
}

async function placePeer(scene: Scene, peer: PeerName, connect: ConnectInstallation | null): Promise<Drain> {
  switch (peer) {
    case 'hasivu':
      return await hasivuDrain(scene);
    case 'walsender-text':
      return await walsenderDrain(scene, false);
    case 'walsender-binary':
      return await walsenderDrain(scene, true);
    case 'debezium-json':
      return await debeziumDrain(scene, installed(connect), { type: 'json' });
    case 'debezium-avro':
      return await debeziumDrain(scene, installed(connect), {
        type: 'avro',
        registryUrl: stack().registry.url,
      });
  }
}

export function installed(connect: ConnectInstallation | null): ConnectInstallation {
  if (connect === null) throw new Error('Kafka Connect was not installed for this run');
  return connect;
}
