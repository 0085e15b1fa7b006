import { toLsn, type Lsn } from '@hasivu/change-events';
import { malformedMessage, type RelationMessage } from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import type { PositionLedger } from './position-ledger.ts';
import type { TransactionShare } from './transaction-observer.ts';

/** A described relation: what is known of it grows from its message to the compiled table. */
interface Relation extends TransactionShare {
  relation: RelationMessage;
  /** null for a relation that is published but not captured. */
  coveredTo: Lsn | null;
  /** When the description arrived. */
  receipt: number;
  table: CapturedTable | null;
  /** Ordinal of the transaction that `events` belongs to. */
  transaction: number;
}

/**
 * The relations that the stream has described, by OID, and how much of the open transaction falls to each. That is
 * counted by runs: numbers are contiguous, so the ones taken between two looks belong to the relation looked at first.
 */
export class RelationMap {
  readonly #ledger: PositionLedger;
  readonly #coverage: (schema: string, table: string) => Lsn | null;
  readonly #relations = new Map<number, Relation>();
  /** Descriptions that arrived within the transaction that is replayed: they hold for it, and then perhaps for all. */
  #replayed: Map<number, Relation> | null = null;
  #receipts = 0;
  #pending: Relation | null = null;
  readonly #shares: Relation[] = [];
  #transaction = 0;
  #commitLsn = toLsn(0n);
  #run: Relation | null = null;
  #runStart = 0;

  constructor(ledger: PositionLedger, coverage: (schema: string, table: string) => Lsn | null) {
    this.#ledger = ledger;
    this.#coverage = coverage;
  }

  /** A transaction begins; whether a table's copy covers it is worked out at its first change. */
  begin(commitLsn: Lsn): void {
    this.#commitLsn = commitLsn;
    this.#transaction++;
    this.#shares.length = 0;
    this.#run = null;
  }

  /** Ordinal of a description that arrives now. */
  nextReceipt(): number {
    return ++this.#receipts;
  }

  describe(message: RelationMessage, receipt: number): void {
    this.endRun();
    const coveredTo = this.#coverage(message.schema, message.table);
    const relations = this.#replayed ?? this.#relations;
    const known = relations.get(message.oid);
    if (known) {
      // The same object, so that a table altered in the middle of a transaction has one share of it.
      known.relation = message;
      known.coveredTo = coveredTo;
      known.receipt = receipt;
      known.table = null;
      return;
    }
    const relation = { relation: message, coveredTo, receipt, table: null, events: 0, transaction: -1 };
    relations.set(message.oid, relation);
  }

  /** What follows is a transaction that arrived earlier, with its own descriptions. */
  beginReplay(): void {
    this.#replayed = new Map();
  }

  /**
   * The server takes the transaction's descriptions as known from its commit on, except where it has sent another one
   * since (a publication's column list can change while the transaction is open).
   */
  endReplay(): void {
    for (const [oid, relation] of this.#replayed ?? []) {
      const known = this.#relations.get(oid);
      if (!known || known.receipt < relation.receipt) this.#relations.set(oid, relation);
    }
    this.#replayed = null;
  }

  /** Relation with a change due whose table is to be compiled and adopted. */
  get pending(): RelationMessage | null {
    return this.#pending?.relation ?? null;
  }

  /** Takes the compiled table of `pending`. */
  adopt(table: CapturedTable): void {
    if (this.#pending) this.#pending.table = table;
    this.#pending = null;
  }

  /**
   * The compiled table, or null: not captured, covered by its copy, or, with `pending` set, not compiled yet. Begins a run.
   */
  tableOf(oid: number): CapturedTable | null {
    this.endRun();
    const relation = this.#replayed?.get(oid) ?? this.#relations.get(oid);
    if (relation === undefined)
      throw malformedMessage(`a change of relation ${oid} came before its description`);
    if (relation.coveredTo === null || this.#commitLsn <= relation.coveredTo) return null;
    if (relation.table === null) {
      this.#pending = relation;
      return null;
    }
    if (relation.transaction !== this.#transaction) {
      relation.transaction = this.#transaction;
      relation.events = 0;
      this.#shares.push(relation);
    }
    this.#run = relation;
    this.#runStart = this.#ledger.numbered;
    return relation.table;
  }

  /** Every compiled table that a change can still come to. */
  *compiled(): Generator<CapturedTable> {
    for (const relations of [this.#relations, this.#replayed])
      for (const { table } of relations?.values() ?? []) if (table !== null) yield table;
  }

  /** What is numbered next belongs to no relation, or to another. */
  endRun(): void {
    if (this.#run !== null) this.#run.events += this.#ledger.numbered - this.#runStart;
    this.#run = null;
  }

  /** Captured tables with changes due in the open transaction, in the order of their first. */
  get shares(): readonly TransactionShare[] {
    return this.#shares;
  }
}
