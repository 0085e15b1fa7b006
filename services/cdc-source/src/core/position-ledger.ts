import { toLsn, type Lsn, type Position } from '@hasivu/change-events';

/** What one Kafka transaction makes durable. */
export interface SealedProgress {
  /** Everything up to it was dealt with: it is in Kafka, or was nothing to write. */
  readonly position: Position;
  /** Commit of the newest event in Kafka, at or before `position`; that of `position` where it is not known. */
  readonly publishedLsn?: Lsn;
  /** Postgres may forget everything below. */
  readonly confirmLsn: Lsn;
}

/** Lower than any event: where a source begins. */
export const ORIGIN: Position = { commitLsn: toLsn(0n), seq: -1 };

/**
 * Where the stream stands, in four steps that never run ahead of each other: a message is received, its events are
 * accepted into the open Kafka transaction, they become durable when that commits, and only then may the position be
 * acknowledged to Postgres (invariant I1). Pure: it is told what happened and answers what follows.
 */
export class PositionLedger {
  #durable: SealedProgress;
  #accepted: Position;
  #published: Lsn;
  #confirmable: Lsn;
  #commitLsn: Lsn = toLsn(0n);
  #nextSeq = 0;
  #skipThrough = -1;
  #open = false;
  #events = 0;
  /** How many of those events `#published` counts with. */
  #eventsNoted = 0;
  /** Prepare records of transactions whose fate is open, by transaction id. */
  readonly #holds = new Map<number, Lsn>();

  /** @param durable what the last progress record in Kafka says; events up to it are skipped when they come again. */
  constructor(durable: SealedProgress) {
    this.#durable = durable;
    this.#accepted = durable.position;
    this.#published = durable.publishedLsn ?? durable.position.commitLsn;
    this.#confirmable = durable.confirmLsn;
  }

  /** A source transaction begins. */
  begin(commitLsn: Lsn): void {
    this.#notePublished();
    this.#open = true;
    this.#commitLsn = commitLsn;
    this.#nextSeq = 0;
    const last = this.#accepted;
    if (commitLsn < last.commitLsn) this.#skipThrough = Infinity;
    else this.#skipThrough = commitLsn === last.commitLsn ? last.seq : -1;
  }

  /** Numbers the next event of the transaction: its `seq`, or -1 when Kafka has it already. */
  number(): number {
    const seq = this.#nextSeq++;
    return seq > this.#skipThrough ? seq : -1;
  }

  /** Numbers taken in the transaction so far. */
  get numbered(): number {
    return this.#nextSeq;
  }

  /** The event just numbered is in the open Kafka transaction. */
  accept(): void {
    this.#events++;
  }

  /** The source transaction is complete; `endLsn` is the first byte behind it. */
  commit(endLsn: Lsn): void {
    this.#rememberPosition();
    this.#open = false;
    this.#raise(endLsn);
  }

  /** The server has sent all it has up to `walEnd`; inside a transaction this says nothing about the rest of it. */
  keepalive(walEnd: Lsn): void {
    if (!this.#open) this.#raise(walEnd);
  }

  /**
   * The transaction is prepared, and what it did is kept in memory or in a file: the server sends that again at a restart
   * only if the confirmed position is not behind the prepare record.
   */
  hold(xid: number, prepareLsn: Lsn): void {
    this.#holds.set(xid, prepareLsn);
  }

  /** The transaction's fate is dealt with. */
  release(xid: number): void {
    this.#holds.delete(xid);
  }

  /** True when only a prepared transaction keeps a position from being confirmed. */
  get heldBack(): boolean {
    return this.#confirmed() < this.#confirmable;
  }

  /** True when everything of the transaction that committed there is accepted. */
  knows(commitLsn: Lsn): boolean {
    return commitLsn <= this.#accepted.commitLsn;
  }

  /** Events accepted since the last seal. */
  get pendingEvents(): number {
    return this.#events;
  }

  /** True when committing would let Postgres forget more, even without events. */
  get advanced(): boolean {
    return this.#confirmed() > this.#durable.confirmLsn;
  }

  get inTransaction(): boolean {
    return this.#open;
  }

  /** Everything accepted so far, as the progress record of the Kafka transaction that is about to commit. */
  seal(): SealedProgress {
    this.#rememberPosition();
    this.#notePublished();
    this.#events = 0;
    this.#eventsNoted = 0;
    return { position: this.#accepted, publishedLsn: this.#published, confirmLsn: this.#confirmed() };
  }

  /** The Kafka transaction that carried `sealed` has committed. */
  settle(sealed: SealedProgress): void {
    this.#durable = sealed;
  }

  get durable(): SealedProgress {
    return this.#durable;
  }

  /** The only value that may be reported to Postgres as flushed. */
  get acknowledgeable(): Lsn {
    return this.#durable.confirmLsn;
  }

  #rememberPosition(): void {
    if (!this.#open) return;
    const position = { commitLsn: this.#commitLsn, seq: this.#nextSeq - 1 };
    const last = this.#accepted;
    if (
      position.commitLsn > last.commitLsn ||
      (position.commitLsn === last.commitLsn && position.seq > last.seq)
    ) {
      this.#accepted = position;
    }
  }

  // An event may be accepted after its transaction has ended, when what it is written to had to be opened first.
  #notePublished(): void {
    if (this.#events > this.#eventsNoted) this.#published = this.#commitLsn;
    this.#eventsNoted = this.#events;
  }

  #confirmed(): Lsn {
    let lsn = this.#confirmable;
    for (const hold of this.#holds.values()) if (hold < lsn) lsn = hold;
    // A transaction that was prepared before the slot knew of two-phase commit is sent whole when it commits.
    return lsn > this.#durable.confirmLsn ? lsn : this.#durable.confirmLsn;
  }

  #raise(lsn: Lsn): void {
    if (lsn > this.#confirmable) this.#confirmable = lsn;
  }
}
