import type { ErrorCode } from '@hasivu/errors';
import type { SlotState } from '@hasivu/postgres';

import { OPERATIONS, type CapturedTable } from './core/captured-table.ts';
import { tableId } from './core/table-selection.ts';
import type { MetricFamilies } from './metric-families.ts';

const SLOT_STATUSES = ['reserved', 'extended', 'unreserved', 'lost', 'missing'];

/** Metrics of one captured database. Rows and transactions are counted when they are durable in Kafka. */
export class SourceMetrics {
  readonly #families: MetricFamilies;
  readonly #database: string;
  readonly #labels: { readonly database: string };

  constructor(families: MetricFamilies, database: string) {
    this.#families = families;
    this.#database = database;
    this.#labels = { database };
  }

  /** Takes what the tables counted since the last call. */
  rowsDurable(tables: Iterable<CapturedTable>): void {
    const { rows, inexact, omitted } = this.#families;
    const database = this.#database;
    for (const table of tables) {
      for (let i = 0; i < OPERATIONS.length; i++) {
        const count = table.counts[i] as number;
        if (count === 0) continue;
        rows.inc({ database, table: tableId(table.schema), op: OPERATIONS[i] as string }, count);
        table.counts[i] = 0;
      }
      if (table.inexactEvents > 0)
        inexact.inc({ database, table: tableId(table.schema) }, table.inexactEvents);
      table.inexactEvents = 0;
      if (table.omittedValues > 0)
        omitted.inc({ database, table: tableId(table.schema) }, table.omittedValues);
      table.omittedValues = 0;
    }
  }

  /** @param isUp false once an error has ended the capture of the database */
  up(isUp: boolean): void {
    this.#families.up.set(this.#labels, isUp ? 1 : 0);
  }

  /** Events of logical messages; they are of no table. */
  messagesDurable(count: number): void {
    if (count > 0) this.#families.rows.inc({ ...this.#labels, table: '', op: 'm' }, count);
  }

  /** The content of a logical message was left out of its event. */
  messageOmitted(): void {
    this.#families.omitted.inc({ ...this.#labels, table: '' });
  }

  committed(seconds: number, bytes: number, transactions: number): void {
    this.#families.commitSeconds.observe(this.#labels, seconds);
    this.#families.bytes.inc(this.#labels, bytes);
    this.#families.transactions.inc(this.#labels, transactions);
  }

  lagSeconds(seconds: number): void {
    this.#families.lagSeconds.set(this.#labels, seconds);
  }

  /** @param state null where there is no slot */
  slot(state: SlotState | null): void {
    const { lagBytes, slotRetained, slotSafe, slotStatus } = this.#families;
    lagBytes.set(this.#labels, state?.lagBytes ?? 0);
    slotRetained.set(this.#labels, state?.retainedBytes ?? 0);
    if (state && state.safeBytes !== null) slotSafe.set(this.#labels, state.safeBytes);
    else slotSafe.remove(this.#labels);
    const now = state ? (state.walStatus ?? 'lost') : 'missing';
    for (const status of SLOT_STATUSES)
      slotStatus.set({ database: this.#database, status }, status === now ? 1 : 0);
  }

  snapshotPending(tables: number): void {
    this.#families.snapshotTables.set(this.#labels, tables);
  }

  /** @param seconds since 1970 */
  received(seconds: number): void {
    this.#families.received.set(this.#labels, seconds);
  }

  heartbeatSeconds(seconds: number): void {
    this.#families.heartbeatSeconds.set(this.#labels, seconds);
  }

  gap(code: ErrorCode): void {
    this.#families.gaps.inc({ database: this.#database, code });
  }

  tablesWaiting(tables: number): void {
    this.#families.tablesWaiting.set(this.#labels, tables);
  }

  ddlMessageRefused(): void {
    this.#families.ddlRefused.inc(this.#labels);
  }

  spooled(bytes: number): void {
    this.#families.spoolBytes.set(this.#labels, bytes);
  }

  snapshotBytes(table: string, bytes: number, totalBytes: number): void {
    const labels = { database: this.#database, table };
    this.#families.snapshotBytes.set(labels, bytes);
    this.#families.snapshotTotalBytes.set(labels, totalBytes);
  }

  snapshotSecondsLeft(seconds: number): void {
    this.#families.snapshotSecondsLeft.set(this.#labels, seconds);
  }

  /** Rows of a table's copy became durable. */
  copied(table: string, rows: number, bytes: number, inexact: number): void {
    const database = this.#database;
    this.#families.rows.inc({ database, table, op: 'r' }, rows);
    this.#families.bytes.inc(this.#labels, bytes);
    if (inexact > 0) this.#families.inexact.inc({ database, table }, inexact);
  }

  signal(result: 'followed' | 'refused'): void {
    this.#families.signals.inc({ database: this.#database, result });
  }

  incrementalQueue(active: number, paused: number): void {
    this.#families.incrementalTables.set({ database: this.#database, state: 'active' }, active);
    this.#families.incrementalTables.set({ database: this.#database, state: 'paused' }, paused);
  }

  incrementalChunk(table: string, rows: number, superseded: number): void {
    const database = this.#database;
    this.#families.incrementalChunks.inc({ database, table });
    this.#families.incrementalRows.inc({ database, table, result: 'written' }, rows);
    this.#families.incrementalRows.inc({ database, table, result: 'superseded' }, superseded);
  }

  incrementalSecondsLeft(seconds: number): void {
    this.#families.incrementalSecondsLeft.set(this.#labels, seconds);
  }

  incrementalRetry(): void {
    this.#families.incrementalRetries.inc({ database: this.#database });
  }

  incrementalEnded(result: string): void {
    this.#families.incrementalEnded.inc({ database: this.#database, result });
  }
}
