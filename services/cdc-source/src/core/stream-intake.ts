import {
  malformedMessage,
  MESSAGE,
  parseBeginPrepare,
  parseCommitPrepared,
  parseStreamCommit,
  parseStreamPrepare,
  rolledBackXid,
  STREAM_MESSAGE,
  type LateCommit,
} from '@hasivu/pgoutput';

import type { PositionLedger } from './position-ledger.ts';
import { TransactionSpool } from './transaction-spool.ts';

/** Whose turn it is after {@link StreamIntake.take}: the router's, nobody's, or the driver's (see `task`). */
export const INTAKE = { pass: 0, kept: 1, attend: 2 } as const;

/** What the driver has to do before the next message. */
export type IntakeTask =
  /** Move `spool`'s memory to the disk: together the spools hold more than they may. */
  | { readonly kind: 'spill'; readonly spool: TransactionSpool }
  /** Route everything in `spool` as one transaction, then forget it. */
  | { readonly kind: 'replay'; readonly spool: TransactionSpool; readonly commit: LateCommit }
  /** Forget `spool`: the transaction was rolled back. */
  | { readonly kind: 'discard'; readonly spool: TransactionSpool };

const WITHOUT_XID = 0;
const XID_BYTES = 4;

/**
 * Keeps transactions that the server sends before they are complete: in progress (between Stream Start and Stop) or
 * prepared (two-phase commit). Each has a spool of its own until it commits, when it is routed like any other; what is
 * rolled back was never routed. Messages of complete transactions pass through.
 */
export class StreamIntake {
  readonly #ledger: PositionLedger;
  readonly #receipt: () => number;
  readonly #maxMemoryBytes: number;
  readonly #spools = new Map<number, TransactionSpool>();
  #current: TransactionSpool | null = null;
  /** Whether the messages of the open block carry the id of their (sub)transaction. */
  #streamed = false;
  #memoryBytes = 0;
  task: IntakeTask | null = null;

  /** @param receipt ordinal of a relation message, in the order of arrival */
  constructor(ledger: PositionLedger, receipt: () => number, maxMemoryBytes: number) {
    this.#ledger = ledger;
    this.#receipt = receipt;
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  /** Bytes of spooled messages, in memory and on disk. */
  get spooledBytes(): number {
    let bytes = 0;
    for (const spool of this.#spools.values()) bytes += spool.memory.length + spool.diskBytes;
    return bytes;
  }

  /** Looks at the message in `buf[start, end)`, whose log record is at `lsnHi:lsnLo`. */
  take(buf: Buffer, start: number, end: number, lsnHi: number, lsnLo: number): number {
    const tag = buf[start];
    if (this.#current === null && (tag === MESSAGE.insert || tag === MESSAGE.update)) return INTAKE.pass;
    switch (tag) {
      case STREAM_MESSAGE.start:
        this.#open(this.#spoolOf(buf.readUInt32BE(start + 1)), true);
        return INTAKE.kept;
      case STREAM_MESSAGE.beginPrepare: {
        const { xid, prepareLsn } = parseBeginPrepare(buf, start);
        this.#open(this.#spoolOf(xid), false);
        this.#ledger.hold(xid, prepareLsn);
        return INTAKE.kept;
      }
      case STREAM_MESSAGE.stop:
      case STREAM_MESSAGE.prepared:
        this.#current = null;
        return INTAKE.kept;
      case STREAM_MESSAGE.prepare: {
        const { xid, prepareLsn } = parseStreamPrepare(buf, start);
        this.#ledger.hold(xid, prepareLsn);
        return INTAKE.kept;
      }
      case STREAM_MESSAGE.commit:
        return this.#replay(parseStreamCommit(buf, start));
      case STREAM_MESSAGE.commitPrepared:
        return this.#replay(parseCommitPrepared(buf, start));
      case STREAM_MESSAGE.abort:
        return this.#abort(buf.readUInt32BE(start + 1), buf.readUInt32BE(start + 5));
      case STREAM_MESSAGE.rollbackPrepared:
        return this.#rollBack(rolledBackXid(buf, start));
      default:
        return this.#current === null
          ? INTAKE.pass
          : this.#keep(this.#current, buf, start, end, lsnHi, lsnLo);
    }
  }

  /** The driver has moved the memory of `task`'s spool to the disk. */
  spilled(spool: TransactionSpool): void {
    this.#memoryBytes -= spool.memory.length;
    spool.diskBytes += spool.memory.length;
    // Grown anew after every spill, the buffer of one large transaction would keep the collector busy.
    let elsewhere = 0;
    for (const other of this.#spools.values()) if (other !== spool) elsewhere += other.memory.bytes.length;
    spool.memory.clear(2 * this.#maxMemoryBytes - elsewhere);
    this.task = null;
  }

  /** The driver has dealt with `task`, and the spool is gone. */
  finished(spool: TransactionSpool): void {
    this.#ledger.release(spool.xid);
    this.#memoryBytes -= spool.memory.length;
    this.#spools.delete(spool.xid);
    this.task = null;
  }

  #open(spool: TransactionSpool, streamed: boolean): void {
    this.#current = spool;
    this.#streamed = streamed;
  }

  #spoolOf(xid: number): TransactionSpool {
    let spool = this.#spools.get(xid);
    if (!spool) {
      spool = new TransactionSpool(xid);
      this.#spools.set(xid, spool);
    }
    return spool;
  }

  #keep(
    spool: TransactionSpool,
    buf: Buffer,
    start: number,
    end: number,
    lsnHi: number,
    lsnLo: number,
  ): number {
    const tag = buf[start];
    // Neither says anything that the replay needs; an origin comes without a transaction id.
    if (tag === MESSAGE.origin || tag === MESSAGE.type) return INTAKE.kept;
    const { memory } = spool;
    const before = memory.length;
    const cut = this.#streamed ? XID_BYTES : WITHOUT_XID;
    const xid = this.#streamed ? buf.readUInt32BE(start + 1) : spool.xid;
    const described = tag === MESSAGE.relation;
    // In the place of a relation's log position, which nobody needs: when it arrived.
    if (described) memory.append(xid, 0, this.#receipt(), buf, start, end, cut);
    else memory.append(xid, lsnHi, lsnLo, buf, start, end, cut);
    this.#memoryBytes += memory.length - before;
    // The server takes a description that it sent outside of a stream block as known from now on.
    if (described && !this.#streamed) return INTAKE.pass;
    if (this.#memoryBytes > this.#maxMemoryBytes) {
      this.task = { kind: 'spill', spool: this.#largest() };
      return INTAKE.attend;
    }
    return INTAKE.kept;
  }

  #replay(commit: LateCommit): number {
    const spool = this.#spools.get(commit.xid);
    if (!spool) {
      // An older prepared transaction held the restart back, but not as far as this one's prepare.
      if (this.#ledger.knows(commit.commitLsn)) return INTAKE.kept;
      throw malformedMessage(`transaction ${commit.xid} is committed, but its changes were not sent before`);
    }
    this.task = { kind: 'replay', spool, commit };
    return INTAKE.attend;
  }

  #abort(xid: number, subxid: number): number {
    if (xid === subxid) return this.#rollBack(xid);
    this.#spools.get(xid)?.aborted.add(subxid);
    return INTAKE.kept;
  }

  // Nothing to do for a transaction that was prepared or streamed before this life's beginning.
  #rollBack(xid: number): number {
    const spool = this.#spools.get(xid);
    if (!spool) return INTAKE.kept;
    this.task = { kind: 'discard', spool };
    return INTAKE.attend;
  }

  #largest(): TransactionSpool {
    let largest: TransactionSpool | null = null;
    for (const spool of this.#spools.values()) {
      if (largest === null || spool.memory.length > largest.memory.length) largest = spool;
    }
    return largest as TransactionSpool;
  }
}
