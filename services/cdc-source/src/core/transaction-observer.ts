import type { Lsn } from '@hasivu/change-events';
import type { RelationMessage } from '@hasivu/pgoutput';

/** How much of a transaction fell to one table. Kept by runs of rows of one table: a row costs nothing. */
export interface TransactionShare {
  readonly relation: RelationMessage;
  /** Numbers taken by the table's changes in the transaction. */
  events: number;
}

/** Told where source transactions begin and end, also for those that Kafka has already. */
export interface TransactionObserver {
  /** @param commitTsMs milliseconds since 1970 */
  onBegin(xid: number, commitLsn: Lsn, commitTsMs: number): void;
  /**
   * Called while the transaction is still open: the observer may number and accept an event of its own.
   * @param events numbers taken so far
   * @param shares captured tables with changes due, in the order of their first; valid during the call
   */
  onCommit(endLsn: Lsn, events: number, shares: readonly TransactionShare[]): void;
}
