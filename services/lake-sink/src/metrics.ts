import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the service measures; names are part of its interface. */
export interface SinkMetrics {
  readonly rows: Counter<'table'>;
  readonly files: Counter<'table' | 'layer'>;
  readonly bytes: Counter<'table' | 'layer'>;
  readonly commits: Counter<'table' | 'layer'>;
  readonly deadLetters: Counter<'topic'>;
  readonly stoppedTables: Gauge;
  readonly tables: Gauge;
  readonly lagRows: Gauge<'table'>;
  readonly lagSeconds: Gauge<'table'>;
  readonly heldBytes: Gauge;
  readonly keyIndexBytes: Gauge;
  readonly keyIndexNoRoom: Counter;
  readonly refused: Gauge;
  readonly usedBytes: Gauge;
  readonly capacityBytes: Gauge;
  readonly warnBytes: Gauge;
  readonly flushSeconds: Histogram<'layer'>;
  readonly commitSeconds: Histogram<'layer'>;
}

/** Counts a commit to a table's layer, with the files that it added. */
export function countCommit(
  { commits, files, bytes }: SinkMetrics,
  table: string,
  layer: 'log' | 'state' | 'history',
  added: { readonly files: number; readonly bytes: number },
): void {
  commits.inc({ table, layer });
  files.inc({ table, layer }, added.files);
  bytes.inc({ table, layer }, added.bytes);
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createSinkMetrics(registry: Registry): SinkMetrics {
  const registers = [registry];
  return {
    rows: new Counter({
      name: 'hasivu_sink_rows_total',
      help: 'Change rows made durable in the lake',
      labelNames: ['table'],
      registers,
    }),
    files: new Counter({
      name: 'hasivu_sink_files_total',
      help: 'Data files committed',
      labelNames: ['table', 'layer'],
      registers,
    }),
    bytes: new Counter({
      name: 'hasivu_sink_bytes_total',
      help: 'Bytes of data files committed',
      labelNames: ['table', 'layer'],
      registers,
    }),
    commits: new Counter({
      name: 'hasivu_sink_commits_total',
      help: 'Delta commits',
      labelNames: ['table', 'layer'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'hasivu_dead_letters_total',
      help: 'Records that could not be decoded and went to the dead-letter topic',
      labelNames: ['topic'],
      registers,
    }),
    stoppedTables: new Gauge({
      name: 'hasivu_sink_stopped_tables',
      help: 'Tables that stopped because their schema cannot be followed, or the lake has no room for what they need first; the others go on',
      registers,
    }),
    tables: new Gauge({
      name: 'hasivu_sink_tables',
      help: 'Tables that this sink writes: all of them, or its share of them where several sinks divide them (lake.group)',
      registers,
    }),
    lagRows: new Gauge({
      name: 'hasivu_sink_lag_rows',
      help: 'Offsets between the topic’s end and what was read',
      labelNames: ['table'],
      registers,
    }),
    lagSeconds: new Gauge({
      name: 'hasivu_sink_lag_seconds',
      help: 'Age of the newest record read while records wait to be read or to become durable; 0 when none does',
      labelNames: ['table'],
      registers,
    }),
    heldBytes: new Gauge({
      name: 'hasivu_sink_held_bytes',
      help: 'Bytes of rows accepted and not yet flushed',
      registers,
    }),
    keyIndexBytes: new Gauge({
      name: 'hasivu_sink_key_index_bytes',
      help: 'Size on local disk of the key indexes of state tables',
      registers,
    }),
    keyIndexNoRoom: new Counter({
      name: 'hasivu_sink_key_index_no_room_total',
      help: 'Merges that read the keys of all files they may touch, because lake.keyIndex.maxBytes has no room for the index of the table',
      registers,
    }),
    refused: new Gauge({
      name: 'hasivu_sink_refused',
      help: '1 while some flush waits because it does not fit into the lake, or the lake’s usage cannot be told; its changes wait in Kafka, and smaller flushes go on',
      registers,
    }),
    usedBytes: new Gauge({
      name: 'hasivu_lake_used_bytes',
      help: 'Bytes that count against the capacity: those of the last listing and what this process has stored since; 0 where nothing is measured',
      registers,
    }),
    capacityBytes: new Gauge({
      name: 'hasivu_lake_capacity_bytes',
      help: 'Bytes that the lake may have (lake.capacity.maxBytes); 0 where there is no bound',
      registers,
    }),
    warnBytes: new Gauge({
      name: 'hasivu_lake_warn_bytes',
      help: 'Bytes from which on the lake is said to get full (lake.capacity.warnAtRatio); 0 where there is no bound',
      registers,
    }),
    flushSeconds: new Histogram({
      name: 'hasivu_sink_flush_seconds',
      help: 'Time from sealing a batch to its commit, uploads and merge included',
      labelNames: ['layer'],
      buckets: SECONDS,
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'hasivu_sink_commit_seconds',
      help: 'Time of one change log commit after its uploads',
      labelNames: ['layer'],
      buckets: SECONDS,
      registers,
    }),
  };
}
