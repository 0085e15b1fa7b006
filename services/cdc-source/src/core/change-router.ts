import type { Lsn, SourceMoment } from '@hasivu/change-events';
import {
  malformedMessage,
  MESSAGE,
  parseBegin,
  parseCommit,
  parseLogical,
  parseRelation,
  parseTruncate,
  type BeginMessage,
  type LateCommit,
  type LogicalMessage,
  type RelationMessage,
} from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import { ChangeEmitter } from './change-emitter.ts';
import type { EventExtras } from './event-appender.ts';
import type { EventSink } from './event-sink.ts';
import { MessageRouter, type MessageFallback } from './message-router.ts';
import type { PositionLedger } from './position-ledger.ts';
import { RelationMap } from './relation-map.ts';
import type { RowTap } from './row-tap.ts';
import type { TransactionObserver } from './transaction-observer.ts';

/** What the driver does after a message; unless that is nothing, it hands the same message in again afterwards. */
export const AFTER = { nothing: 0, adoptRelation: 1, openMessages: 2 } as const;

export interface ChangeRouterOptions extends EventExtras {
  readonly ledger: PositionLedger;
  readonly sink: EventSink;
  /** Log position that a table's copy covers, or null for a table that is not captured. */
  readonly coverage: (schema: string, table: string) => Lsn | null;
  /** The tap of a table that has one; asked whenever a shape of the table is adopted. */
  readonly tapOf?: (schema: string, table: string) => RowTap | null;
  /** Takes the logical messages that no handler is registered for. */
  readonly messageFallback?: MessageFallback;
  readonly observers?: readonly TransactionObserver[];
}

/**
 * Sorts pgoutput messages: transactions to the ledger, descriptions to the relation map, changes to the emitter, logical
 * messages to their handlers. A relation is compiled by the driver, and only when an event of it is due: a shape that no
 * event has is never registered.
 */
export class ChangeRouter {
  readonly #ledger: PositionLedger;
  readonly #emitter: ChangeEmitter;
  readonly #moment: SourceMoment;
  readonly #relations: RelationMap;
  readonly #tapOf: ChangeRouterOptions['tapOf'];
  readonly #observers: readonly TransactionObserver[];
  #lastOid = -1;
  #lastTable: CapturedTable | null = null;
  #replaying = false;
  /** Handlers of logical messages. */
  readonly messages: MessageRouter;
  /** Commit time of the newest transaction seen, milliseconds since 1970; 0 before the first. */
  lastCommitTsMs = 0;
  /** Source transactions completed since the driver last took the count. */
  transactions = 0;

  constructor(options: ChangeRouterOptions) {
    this.#ledger = options.ledger;
    this.#emitter = new ChangeEmitter(options.ledger, options.sink, options);
    this.#moment = this.#emitter.moment;
    this.#relations = new RelationMap(options.ledger, options.coverage);
    this.#tapOf = options.tapOf;
    this.#observers = options.observers ?? [];
    this.messages = new MessageRouter(options.messageFallback ?? null);
  }

  /** The relation that `AFTER.adoptRelation` speaks of. */
  get pendingRelation(): RelationMessage | null {
    return this.#relations.pending;
  }

  /** Number of the open transaction. */
  get transactionXid(): number {
    return this.#moment.txId;
  }

  /** Wall clock for `ts_ms`, milliseconds; the driver sets it once per read. */
  set nowMs(nowMs: number) {
    this.#emitter.nowMs = nowMs;
  }

  /** Takes the compiled table of `pendingRelation`. */
  adopt(table: CapturedTable): void {
    this.#tap(table);
    this.#relations.adopt(table);
  }

  /** Asks for the tap of every table anew. */
  retap(): void {
    for (const table of this.#relations.compiled()) this.#tap(table);
  }

  /** Handles the message in `buf[start, end)`, whose log record is at `lsnHi:lsnLo`. */
  handle(buf: Buffer, start: number, end: number, lsnHi: number, lsnLo: number): number {
    const tag = buf[start];
    switch (tag) {
      case MESSAGE.insert:
      case MESSAGE.update:
      case MESSAGE.delete: {
        const table = this.#tableOf(buf, start);
        if (table === null) {
          if (this.#relations.pending !== null) return AFTER.adoptRelation;
          this.#ledger.number();
          return AFTER.nothing;
        }
        this.#moment.lsnHi = lsnHi;
        this.#moment.lsnLo = lsnLo;
        if (tag === MESSAGE.insert) this.#emitter.insert(table, buf, start, end);
        else if (tag === MESSAGE.update) this.#emitter.update(table, buf, start, end);
        else this.#emitter.delete(table, buf, start, end);
        return AFTER.nothing;
      }
      case MESSAGE.begin:
        this.#begin(parseBegin(buf, start));
        return AFTER.nothing;
      case MESSAGE.commit:
        this.#commit(parseCommit(buf, start).endLsn);
        return AFTER.nothing;
      case MESSAGE.relation:
        this.#relations.describe(parseRelation(buf, start), this.#replaying ? lsnLo : this.nextReceipt());
        this.#lastOid = -1;
        return AFTER.nothing;
      case MESSAGE.truncate:
        this.#moment.lsnHi = lsnHi;
        this.#moment.lsnLo = lsnLo;
        return this.#truncateAll(parseTruncate(buf, start));
      case MESSAGE.logical:
        return this.#message(buf, start);
      case MESSAGE.type:
      case MESSAGE.origin:
        return AFTER.nothing;
      default:
        throw malformedMessage(`unknown message type ${String(tag)}`);
    }
  }

  /** Ordinal of a relation message that arrives now. */
  nextReceipt(): number {
    return this.#relations.nextReceipt();
  }

  /**
   * A transaction is handed in that arrived before it was complete. For its relation messages `lsnLo` is the ordinal of
   * their arrival.
   */
  beginReplay(commit: LateCommit): void {
    this.#replaying = true;
    this.#relations.beginReplay();
    this.#begin(commit);
  }

  endReplay(commit: LateCommit): void {
    this.#commit(commit.endLsn);
    this.#relations.endReplay();
    this.#replaying = false;
    this.#lastOid = -1;
  }

  #tap(table: CapturedTable): void {
    table.tap = this.#tapOf?.(table.schema.schema, table.schema.table) ?? null;
  }

  #begin(transaction: BeginMessage): void {
    const { commitLsn, commitTsMs, xid } = transaction;
    this.#ledger.begin(commitLsn);
    this.#relations.begin(commitLsn);
    this.#lastOid = -1;
    this.lastCommitTsMs = commitTsMs;
    this.#placeMoment(commitLsn, xid, commitTsMs);
    for (const observer of this.#observers) observer.onBegin(xid, commitLsn, commitTsMs);
  }

  #commit(endLsn: Lsn): void {
    this.#relations.endRun();
    for (const observer of this.#observers)
      observer.onCommit(endLsn, this.#ledger.numbered, this.#relations.shares);
    this.#ledger.commit(endLsn);
    this.transactions++;
  }

  #message(buf: Buffer, start: number): number {
    const message = parseLogical(buf, start);
    if (this.messages.unopened(message.prefix)) return AFTER.openMessages;
    this.#relations.endRun();
    this.#lastOid = -1;
    if (message.transactional) {
      this.#routeMessage(message);
      return AFTER.nothing;
    }
    // No commit begins inside the message's own log record, so the byte before its end is a position of its own, in order.
    const position = (message.lsn - 1n) as Lsn;
    this.#ledger.begin(position);
    this.#placeMoment(position, -1, this.#emitter.nowMs);
    this.#routeMessage(message);
    this.#ledger.commit(message.lsn);
    return AFTER.nothing;
  }

  #routeMessage(message: LogicalMessage): void {
    const moment = this.#moment;
    const seq = this.#ledger.number();
    moment.seq = seq;
    moment.lsnHi = highHalf(message.lsn);
    moment.lsnLo = lowHalf(message.lsn);
    this.messages.route(message, seq, moment, this.#emitter.nowMs);
  }

  #placeMoment(commitLsn: Lsn, xid: number, commitTsMs: number): void {
    const moment = this.#moment;
    moment.commitTsMs = commitTsMs;
    moment.txId = xid;
    moment.commitLsnHi = highHalf(commitLsn);
    moment.commitLsnLo = lowHalf(commitLsn);
  }

  #truncateAll(oids: readonly number[]): number {
    for (const oid of oids) {
      if (this.#table(oid) === null && this.#relations.pending !== null) return AFTER.adoptRelation;
    }
    for (const oid of oids) {
      const table = this.#table(oid);
      if (table === null) this.#ledger.number();
      else this.#emitter.truncate(table);
    }
    return AFTER.nothing;
  }

  #tableOf(buf: Buffer, start: number): CapturedTable | null {
    const oid =
      (((buf[start + 1] as number) << 24) |
        ((buf[start + 2] as number) << 16) |
        ((buf[start + 3] as number) << 8) |
        (buf[start + 4] as number)) >>>
      0;
    return oid === this.#lastOid ? this.#lastTable : this.#table(oid);
  }

  #table(oid: number): CapturedTable | null {
    const table = this.#relations.tableOf(oid);
    if (this.#relations.pending !== null) return null;
    this.#lastOid = oid;
    this.#lastTable = table;
    return table;
  }
}

function highHalf(lsn: Lsn): number {
  return Number(BigInt.asIntN(32, lsn >> 32n));
}

function lowHalf(lsn: Lsn): number {
  return Number(lsn & 0xffffffffn);
}
