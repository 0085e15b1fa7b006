/** One sink's run over a filled topic. Figures are those between the end of the warm-up and the last durable row. */
export interface SinkSample {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
  /** Size of the data files of the table. */
  readonly tableBytes: number;
}

export const SINK_PEERS = ['hasivu', 'hasivu-silver', 'spark', 'deltalake'] as const;
export type SinkPeer = (typeof SINK_PEERS)[number];
