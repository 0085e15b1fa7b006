import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Every metric of cdc-source, registered once for the process; `database` tells the sources in it apart. */
export class MetricFamilies {
  readonly rows: Counter<'database' | 'table' | 'op'>;
  readonly transactions: Counter<'database'>;
  readonly bytes: Counter<'database'>;
  readonly commitSeconds: Histogram<'database'>;
  readonly lagSeconds: Gauge<'database'>;
  readonly lagBytes: Gauge<'database'>;
  readonly inexact: Counter<'database' | 'table'>;
  readonly omitted: Counter<'database' | 'table'>;
  readonly snapshotTables: Gauge<'database'>;
  readonly tablesWaiting: Gauge<'database'>;
  readonly ddlRefused: Counter<'database'>;
  readonly spoolBytes: Gauge<'database'>;
  readonly snapshotBytes: Gauge<'database' | 'table'>;
  readonly snapshotTotalBytes: Gauge<'database' | 'table'>;
  readonly snapshotSecondsLeft: Gauge<'database'>;
  readonly slotRetained: Gauge<'database'>;
  readonly slotSafe: Gauge<'database'>;
  readonly slotStatus: Gauge<'database' | 'status'>;
  readonly gaps: Counter<'database' | 'code'>;
  readonly up: Gauge<'database'>;
  readonly signals: Counter<'database' | 'result'>;
  readonly incrementalTables: Gauge<'database' | 'state'>;
  readonly incrementalChunks: Counter<'database' | 'table'>;
  readonly incrementalRows: Counter<'database' | 'table' | 'result'>;
  readonly incrementalSecondsLeft: Gauge<'database'>;
  readonly incrementalEnded: Counter<'database' | 'result'>;
  readonly incrementalRetries: Counter<'database'>;
  readonly received: Gauge<'database'>;
  readonly heartbeatSeconds: Gauge<'database'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.rows = new Counter({
      name: 'hasivu_source_rows_total',
      help: 'Events durable in Kafka; logical messages have the op m and no table',
      labelNames: ['database', 'table', 'op'],
      registers,
    });
    this.transactions = new Counter({
      name: 'hasivu_source_transactions_total',
      help: 'Source transactions durable in Kafka',
      labelNames: ['database'],
      registers,
    });
    this.bytes = new Counter({
      name: 'hasivu_source_bytes_total',
      help: 'Bytes of keys and values handed to the Kafka producer',
      labelNames: ['database'],
      registers,
    });
    this.commitSeconds = new Histogram({
      name: 'hasivu_source_kafka_commit_seconds',
      help: 'Time to flush and commit one Kafka transaction',
      labelNames: ['database'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.lagSeconds = new Gauge({
      name: 'hasivu_source_lag_seconds',
      help: 'Age of the newest source transaction that is becoming durable in Kafka; 0 when nothing waits',
      labelNames: ['database'],
      registers,
    });
    this.lagBytes = new Gauge({
      name: 'hasivu_source_lag_bytes',
      help: 'Write-ahead log between the confirmed position of the slot and the end of the log',
      labelNames: ['database'],
      registers,
    });
    this.inexact = new Counter({
      name: 'hasivu_source_inexact_values_total',
      help: 'Events with a value that its type cannot hold exactly; its text travels in a header',
      labelNames: ['database', 'table'],
      registers,
    });
    this.omitted = new Counter({
      name: 'hasivu_source_omitted_values_total',
      help: 'Values left out of events that would not have fit into a record; a header names each. Those of logical messages have no table',
      labelNames: ['database', 'table'],
      registers,
    });
    this.snapshotTables = new Gauge({
      name: 'hasivu_source_snapshot_tables_pending',
      help: 'Tables whose initial copy is not finished',
      labelNames: ['database'],
      registers,
    });
    this.tablesWaiting = new Gauge({
      name: 'hasivu_source_tables_waiting',
      help: 'Tables that an event trigger told of since the start, that source.postgres.tables names, and that are captured from the next start on',
      labelNames: ['database'],
      registers,
    });
    this.ddlRefused = new Counter({
      name: 'hasivu_source_ddl_messages_refused_total',
      help: 'Logical messages with the prefix of the event triggers that no event trigger of this source has written',
      labelNames: ['database'],
      registers,
    });
    this.spoolBytes = new Gauge({
      name: 'hasivu_source_spool_bytes',
      help: 'Changes of transactions that are in progress or prepared, in memory and in files',
      labelNames: ['database'],
      registers,
    });
    this.snapshotBytes = new Gauge({
      name: 'hasivu_source_snapshot_bytes',
      help: 'Bytes of the table in Postgres that its initial copy has read, by whole ranges',
      labelNames: ['database', 'table'],
      registers,
    });
    this.snapshotTotalBytes = new Gauge({
      name: 'hasivu_source_snapshot_total_bytes',
      help: 'Bytes of the table in Postgres that its initial copy has to read',
      labelNames: ['database', 'table'],
      registers,
    });
    this.snapshotSecondsLeft = new Gauge({
      name: 'hasivu_source_snapshot_seconds_left',
      help: 'Estimate of the time until all initial copies are done, at the rate so far; 0 before there is one',
      labelNames: ['database'],
      registers,
    });
    this.slotRetained = new Gauge({
      name: 'hasivu_source_slot_retained_bytes',
      help: 'Write-ahead log that the slot keeps on the disk of the server',
      labelNames: ['database'],
      registers,
    });
    this.slotSafe = new Gauge({
      name: 'hasivu_source_slot_safe_bytes',
      help: 'Write-ahead log that may still be written before the server gives the slot up; absent where max_slot_wal_keep_size sets no bound',
      labelNames: ['database'],
      registers,
    });
    this.slotStatus = new Gauge({
      name: 'hasivu_source_slot_status',
      help: '1 for the wal_status that the slot has: reserved, extended, unreserved, lost, or missing where there is no slot',
      labelNames: ['database', 'status'],
      registers,
    });
    this.received = new Gauge({
      name: 'hasivu_source_received_timestamp_seconds',
      help: 'When the stream last brought something of the database, a heartbeat at least, in seconds since 1970; absent where no heartbeats are written',
      labelNames: ['database'],
      registers,
    });
    this.heartbeatSeconds = new Gauge({
      name: 'hasivu_source_heartbeat_seconds',
      help: 'Time that the newest heartbeat took from its writing in the database until the stream brought it',
      labelNames: ['database'],
      registers,
    });
    this.gaps = new Counter({
      name: 'hasivu_source_gaps_total',
      help: 'Times that changes were lost with the slot and every table was copied again, by the code that says how',
      labelNames: ['database', 'code'],
      registers,
    });
    this.up = new Gauge({
      name: 'hasivu_source_up',
      help: '1 while the database is captured or waited for, 0 after an error that a person has to mend; other databases of the process go on',
      labelNames: ['database'],
      registers,
    });
    this.signals = new Counter({
      name: 'hasivu_source_signals_total',
      help: 'Signals that came through the signal table or a logical message: followed, or refused (in part)',
      labelNames: ['database', 'result'],
      registers,
    });
    this.incrementalTables = new Gauge({
      name: 'hasivu_source_incremental_tables',
      help: 'Tables that an incremental snapshot was asked for and is not done: active (one is read, others wait), or paused',
      labelNames: ['database', 'state'],
      registers,
    });
    this.incrementalChunks = new Counter({
      name: 'hasivu_source_incremental_chunks_total',
      help: 'Chunks of incremental snapshots that were written',
      labelNames: ['database', 'table'],
      registers,
    });
    this.incrementalRetries = new Counter({
      name: 'hasivu_source_incremental_retries_total',
      help: 'Chunks of incremental snapshots that are read or marked again: the server could not be reached, or its log not be marked',
      labelNames: ['database'],
      registers,
    });
    this.incrementalRows = new Counter({
      name: 'hasivu_source_incremental_rows_total',
      help: 'Rows of incremental snapshots: written, or superseded by a change that the stream had brought already',
      labelNames: ['database', 'table', 'result'],
      registers,
    });
    this.incrementalSecondsLeft = new Gauge({
      name: 'hasivu_source_incremental_seconds_left',
      help: "Estimate of the time until the table that is read is done, from the planner's row count and the rate so far; 0 before there is one",
      labelNames: ['database'],
      registers,
    });
    this.incrementalEnded = new Counter({
      name: 'hasivu_source_incremental_ended_total',
      help: 'Incremental snapshots of single tables that ended: done or failed',
      labelNames: ['database', 'result'],
      registers,
    });
  }
}
