export const UPSERT_PEERS = ['hasivu', 'spark'] as const;
export type UpsertPeer = (typeof UPSERT_PEERS)[number];

/** One peer's run over one table. Figures are those between the end of the warm-up and the last durable change. */
export interface UpsertSample {
  readonly changes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** From the start of the process to the end of the warm-up: what the first changes to a table cost. */
  readonly warmUpCpuSeconds: number;
  readonly peakRssMiB: number;
  /** What was written into the table's place, its log included. */
  readonly bytesWritten: number;
}
