import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { OPERATIONS, type CapturedTable } from './core/captured-table.ts';
import { tableId } from './core/table-selection.ts';

/** Metrics of cdc-source. Rows and transactions are counted when they are durable in Kafka. */
export class SourceMetrics {
  readonly #rows: Counter<'table' | 'op'>;
  readonly #transactions: Counter;
  readonly #bytes: Counter;
  readonly #commitSeconds: Histogram;
  readonly #lagSeconds: Gauge;
  readonly #lagBytes: Gauge;
  readonly #inexact: Counter<'table'>;
  readonly #snapshotTables: Gauge;
  readonly #spoolBytes: Gauge;
  readonly #snapshotBytes: Gauge<'table'>;
  readonly #snapshotTotalBytes: Gauge<'table'>;
  readonly #snapshotSecondsLeft: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#rows = new Counter({
      name: 'hasivu_source_rows_total',
      help: 'Change events durable in Kafka',
      labelNames: ['table', 'op'],
      registers,
    });
    this.#transactions = new Counter({
      name: 'hasivu_source_transactions_total',
      help: 'Source transactions durable in Kafka',
      registers,
    });
    this.#bytes = new Counter({
      name: 'hasivu_source_bytes_total',
      help: 'Bytes of keys and values handed to the Kafka producer',
      registers,
    });
    this.#commitSeconds = new Histogram({
      name: 'hasivu_source_kafka_commit_seconds',
      help: 'Time to flush and commit one Kafka transaction',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#lagSeconds = new Gauge({
      name: 'hasivu_source_lag_seconds',
      help: 'Age of the newest source transaction that is becoming durable in Kafka; 0 when nothing waits',
      registers,
    });
    this.#lagBytes = new Gauge({
      name: 'hasivu_source_lag_bytes',
      help: 'Write-ahead log between the confirmed position of the slot and the end of the log',
      registers,
    });
    this.#inexact = new Counter({
      name: 'hasivu_source_inexact_values_total',
      help: 'Events with a value that its type cannot hold exactly; its text travels in a header',
      labelNames: ['table'],
      registers,
    });
    this.#snapshotTables = new Gauge({
      name: 'hasivu_source_snapshot_tables_pending',
      help: 'Tables whose initial copy is not finished',
      registers,
    });
    this.#spoolBytes = new Gauge({
      name: 'hasivu_source_spool_bytes',
      help: 'Changes of transactions that are in progress or prepared, in memory and in files',
      registers,
    });
    this.#snapshotBytes = new Gauge({
      name: 'hasivu_source_snapshot_bytes',
      help: 'Bytes of the table in Postgres that its initial copy has read, by whole ranges',
      labelNames: ['table'],
      registers,
    });
    this.#snapshotTotalBytes = new Gauge({
      name: 'hasivu_source_snapshot_total_bytes',
      help: 'Bytes of the table in Postgres that its initial copy has to read',
      labelNames: ['table'],
      registers,
    });
    this.#snapshotSecondsLeft = new Gauge({
      name: 'hasivu_source_snapshot_seconds_left',
      help: 'Estimate of the time until all initial copies are done, at the rate so far; 0 before there is one',
      registers,
    });
  }

  /** Takes what the tables counted since the last call. */
  rowsDurable(tables: Iterable<CapturedTable>): void {
    for (const table of tables) {
      for (let i = 0; i < OPERATIONS.length; i++) {
        const count = table.counts[i] as number;
        if (count === 0) continue;
        this.#rows.inc({ table: tableId(table.schema), op: OPERATIONS[i] as string }, count);
        table.counts[i] = 0;
      }
      if (table.inexactEvents > 0) this.#inexact.inc({ table: tableId(table.schema) }, table.inexactEvents);
      table.inexactEvents = 0;
    }
  }

  committed(seconds: number, bytes: number, transactions: number): void {
    this.#commitSeconds.observe(seconds);
    this.#bytes.inc(bytes);
    this.#transactions.inc(transactions);
  }

  lagSeconds(seconds: number): void {
    this.#lagSeconds.set(seconds);
  }

  lagBytes(bytes: number): void {
    this.#lagBytes.set(bytes);
  }

  snapshotPending(tables: number): void {
    this.#snapshotTables.set(tables);
  }

  spooled(bytes: number): void {
    this.#spoolBytes.set(bytes);
  }

  snapshotBytes(table: string, bytes: number, totalBytes: number): void {
    this.#snapshotBytes.set({ table }, bytes);
    this.#snapshotTotalBytes.set({ table }, totalBytes);
  }

  snapshotSecondsLeft(seconds: number): void {
    this.#snapshotSecondsLeft.set(seconds);
  }

  /** Rows of a table's copy became durable. */
  copied(table: string, rows: number, bytes: number, inexact: number): void {
    this.#rows.inc({ table, op: 'r' }, rows);
    this.#bytes.inc(bytes);
    if (inexact > 0) this.#inexact.inc({ table }, inexact);
  }
}
