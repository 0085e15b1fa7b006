import type { Lsn } from '@hasivu/change-events';

/** Events that Kafka has of a source transaction which it does not have to its end: part of the progress record. */
export interface TransactionCounts {
  /** Of the source transaction. */
  readonly commitLsn: Lsn;
  /** Events by `schema.table`, in the order of each table's first event. */
  readonly tables: ReadonlyMap<string, number>;
}

/** Events of one table in one transaction at a time; shared by all versions of the table's shape. */
export class TableTally {
  /** `schema.table`. */
  readonly table: string;
  /** The transaction that `events` speaks of, as the number that counts transactions here. */
  serial = 0;
  events = 0;

  constructor(table: string) {
    this.table = table;
  }
}

/**
 * Counts the events of the transaction at hand, in all and per table, without touching tables that it does not change.
 */
export class TransactionTallies {
  readonly #byTable = new Map<string, TableTally>();
  #touched: TableTally[] = [];
  #serial = 0;
  total = 0;

  of(table: string): TableTally {
    let tally = this.#byTable.get(table);
    if (tally === undefined) this.#byTable.set(table, (tally = new TableTally(table)));
    return tally;
  }

  /** Begins the next transaction, with what an earlier life counted of it. */
  begin(restored: TransactionCounts | null): void {
    this.#serial++;
    this.#touched.length = 0;
    this.total = 0;
    if (restored === null) return;
    for (const [table, events] of restored.tables) {
      const tally = this.of(table);
      this.add(tally);
      this.total += events - 1;
      tally.events = events;
    }
  }

  add(tally: TableTally): void {
    if (tally.serial !== this.#serial) {
      tally.serial = this.#serial;
      tally.events = 0;
      this.#touched.push(tally);
    }
    tally.events++;
    this.total++;
  }

  /** Tables with events in this transaction, in the order of their first one. */
  get touched(): readonly TableTally[] {
    return this.#touched;
  }
}
