import type { KafkaCluster } from '@hasivu/kafka';
import type { TestDatabase } from '@hasivu/testing';

import type { LoadedLog } from './cell-load.ts';

export const PEERS = [
  'hasivu',
  'debezium-json',
  'debezium-avro',
  'walsender-text',
  'walsender-binary',
] as const;
export type PeerName = (typeof PEERS)[number];

/** Where the peers of one cell read: the same table of the same database, through the same publication. */
export interface Scene {
  readonly database: TestDatabase;
  readonly cluster: KafkaCluster;
  /** Name of the table, in schema public. */
  readonly table: string;
  readonly publication: string;
  readonly partitions: number;
  readonly brokerPid: number;
  /** Where CPU profiles of our processes go; null for none. */
  readonly profileDirectory: string | null;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** One peer's drain of one load. CPU-seconds and rows are those between the end of the warm-up and the last row. */
export interface DrainSample {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: {
    readonly peer: number;
    readonly walsender: number;
    readonly broker: number;
  };
  readonly peakRssMiB: number;
}

/** A reader of the slot that takes its place before the load is written and reads the backlog afterwards. */
export interface Drain extends AsyncDisposable {
  run(log: LoadedLog): Promise<DrainSample>;
}
