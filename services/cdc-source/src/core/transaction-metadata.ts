import { AvroBuffer, partitionOf, wireHeader, type Lsn } from '@hasivu/change-events';

import type { EventSink } from './event-sink.ts';
import type { PositionLedger } from './position-ledger.ts';
import { tableId } from './table-selection.ts';
import { TransactionTallies, type TableTally, type TransactionCounts } from './transaction-counts.ts';
import type { TransactionObserver } from './transaction-observer.ts';

export interface TransactionMetadataOptions {
  readonly sink: EventSink;
  readonly ledger: Pick<PositionLedger, 'accept'>;
  readonly topic: string;
  readonly partitions: number;
  readonly keySchemaId: number;
  readonly valueSchemaId: number;
  /** Of the transaction that the last life left unfinished. */
  readonly restored: TransactionCounts | null;
}

/** Name under which logical messages are counted; a table's has a dot. */
const MESSAGES = 'message';

/** One version of a table's shape; all of them share a tally. */
export interface CountedTable {
  readonly schema: { readonly schema: string; readonly table: string };
  tally: TableTally | null;
}

/**
 * The topic of transactions and the `transaction` block of events. BEGIN is written with the first event of a
 * transaction, END behind its last one, into the same Kafka transactions as the events; a transaction without events
 * has neither. The id is `xid:commit LSN` in all of them, where Debezium's second part changes from record to record:
 * so they can be joined, and a row costs a copy of bytes that were encoded once.
 */
export class TransactionMetadata implements TransactionObserver {
  readonly #options: TransactionMetadataOptions;
  readonly #keyHeader: Buffer;
  readonly #valueHeader: Buffer;
  readonly #tallies = new TransactionTallies();
  readonly #id = new AvroBuffer(64);
  readonly #key = new AvroBuffer(64);
  readonly #value = new AvroBuffer(256);
  #restored: TransactionCounts | null;
  #commitLsn: Lsn | null = null;
  #commitTsMs = 0;

  constructor(options: TransactionMetadataOptions) {
    this.#options = options;
    this.#keyHeader = wireHeader(options.keySchemaId);
    this.#valueHeader = wireHeader(options.valueSchemaId);
    this.#restored = options.restored;
  }

  /** A source transaction begins, perhaps one that Kafka has a part of. */
  onBegin(xid: number, commitLsn: Lsn, commitTsMs: number): void {
    this.#commitLsn = commitLsn;
    this.#commitTsMs = commitTsMs;
    this.#id.reset();
    this.#id.writeString(`${xid}:${commitLsn}`);
    this.#tallies.begin(this.#restored?.commitLsn === commitLsn ? this.#restored : null);
    this.#restored = null;
  }

  /**
   * Counts an event that goes into the open Kafka transaction, and writes its block as the branch of a nullable field.
   * BEGIN goes ahead of the first one.
   */
  writeEvent(out: AvroBuffer, table: CountedTable): void {
    this.#writeBlock(out, (table.tally ??= this.#tallies.of(tableId(table.schema))));
  }

  /** As {@link writeEvent}, for a logical message, which is of no table. */
  writeMessage(out: AvroBuffer): void {
    this.#writeBlock(out, this.#tallies.of(MESSAGES));
  }

  #writeBlock(out: AvroBuffer, tally: TableTally): void {
    this.#tallies.add(tally);
    if (this.#tallies.total === 1) this.#write('BEGIN');
    out.writePresent();
    out.writeRaw(this.#id.bytes, 0, this.#id.pos);
    out.writeLong(this.#tallies.total);
    out.writeLong(tally.events);
  }

  /** The source transaction is complete. */
  onCommit(): void {
    if (this.#tallies.total > 0) {
      this.#write('END');
      this.#options.ledger.accept();
    }
    this.#commitLsn = null;
  }

  /** What has to outlive this process: null between transactions, and before the first event of one. */
  get unfinished(): TransactionCounts | null {
    if (this.#commitLsn === null || this.#tallies.total === 0) return null;
    const tables = new Map(this.#tallies.touched.map((tally) => [tally.table, tally.events]));
    return { commitLsn: this.#commitLsn, tables };
  }

  #write(status: 'BEGIN' | 'END'): void {
    const { sink, topic, partitions } = this.#options;
    const key = this.#key;
    const value = this.#value;
    key.reset();
    key.writeRaw(this.#keyHeader, 0, this.#keyHeader.length);
    key.writeRaw(this.#id.bytes, 0, this.#id.pos);
    value.reset();
    value.writeRaw(this.#valueHeader, 0, this.#valueHeader.length);
    value.writeString(status);
    value.writeRaw(this.#id.bytes, 0, this.#id.pos);
    if (status === 'END') this.#writeCounts(value);
    else {
      value.writeNull();
      value.writeNull();
    }
    value.writeLong(this.#commitTsMs);
    const partition = partitionOf(key.bytes, 0, key.pos, partitions);
    sink.append(topic, partition, key.bytes, 0, key.pos, value.bytes, 0, value.pos, this.#commitTsMs);
  }

  #writeCounts(out: AvroBuffer): void {
    out.writePresent();
    out.writeLong(this.#tallies.total);
    out.writePresent();
    const { touched } = this.#tallies;
    out.writeLong(touched.length);
    for (const tally of touched) {
      out.writeString(tally.table);
      out.writeLong(tally.events);
    }
    out.writeByte(0);
  }
}
