import { cpus } from 'node:os';

import { installConnect } from '@hasivu/peers';

import { loadSize, type Cell } from './cell.ts';
import { drainCell } from './drain-cell.ts';
import { cellFigures, type CellFigures } from './drain-report.ts';
import { LATENCY_PEERS, measureLatency, type LatencyFigures } from './latency.ts';
import { PEERS } from './peer.ts';
import type { SceneOptions } from './scene.ts';
import { measureSnapshots, SNAPSHOT_PEERS, type SnapshotFigures } from './snapshot.ts';

export const PARTS = ['drain', 'latency', 'snapshot'] as const;
export type Part = (typeof PARTS)[number];

/** Every peer of any part; each part takes those that it knows. */
export const ALL_PEERS = [...PEERS, 'dump-restore'] as const;
export type AnyPeer = (typeof ALL_PEERS)[number];

export interface CdcOptions extends SceneOptions {
  readonly parts: readonly Part[];
  readonly cells: readonly Cell[];
  readonly peers: readonly AnyPeer[];
  readonly rows: number;
  readonly warmUp: number;
  readonly rounds: number;
  readonly snapshotRows: number;
  readonly rates: readonly number[];
  readonly rateSeconds: number;
}

export interface CdcResults {
  readonly benchmark: 'cdc';
  readonly takenAt: string;
  readonly machine: { readonly cores: number; readonly processor: string; readonly node: string };
  readonly drain: readonly CellFigures[];
  readonly latency: readonly LatencyFigures[];
  readonly snapshot: readonly SnapshotFigures[];
}

const DEBEZIUM_SNAPSHOT_SHARE = 0.1;

/** Postgres → Kafka: our source beside Debezium and beside the bare walsender, on the stack that the run uses. */
export async function benchCdc(options: CdcOptions): Promise<CdcResults> {
  const { parts, peers, rounds, report } = options;
  const common = { signal: options.signal, report, profileDirectory: options.profileDirectory };
  const takenAt = new Date().toISOString();
  const connect = peers.some((peer) => peer.startsWith('debezium')) ? await installConnect(report) : null;
  const drain: CellFigures[] = [];
  const drainPeers = PEERS.filter((peer) => peers.includes(peer));
  for (const cell of parts.includes('drain') && drainPeers.length > 0 ? options.cells : []) {
    const { rows, warmUp } = options;
    const size = loadSize(cell, rows, warmUp);
    const taken = await drainCell({ cell, rows, warmUp, rounds, peers: drainPeers, connect, ...common });
    drain.push(cellFigures(cell, size.rows, taken));
  }
  const latencyPeers = LATENCY_PEERS.filter((peer) => peers.includes(peer));
  const latency =
    parts.includes('latency') && latencyPeers.length > 0
      ? await measureLatency({
          peers: latencyPeers,
          rates: options.rates,
          seconds: options.rateSeconds,
          rounds,
          connect,
          ...common,
        })
      : [];
  const snapshotPeers = SNAPSHOT_PEERS.filter((peer) => peers.includes(peer));
  const snapshot =
    parts.includes('snapshot') && snapshotPeers.length > 0
      ? await measureSnapshots({
          peers: snapshotPeers,
          rows: options.snapshotRows,
          debeziumRows: Math.ceil(options.snapshotRows * DEBEZIUM_SNAPSHOT_SHARE),
          rounds,
          connect,
          ...common,
        })
      : [];
  const machine = { cores: cpus().length, processor: cpus()[0]?.model ?? '', node: process.version };
  return { benchmark: 'cdc', takenAt, machine, drain, latency, snapshot };
}
