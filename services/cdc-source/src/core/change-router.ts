import { partitionOf, toLsn, type Lsn, type SourceMoment } from '@hasivu/change-events';
import {
  malformedMessage,
  MESSAGE,
  parseBegin,
  parseCommit,
  parseRelation,
  parseTruncate,
  TUPLE,
  type RelationMessage,
  type TupleSpans,
} from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import type { EventSink } from './event-sink.ts';
import { EventWriter } from './event-writer.ts';
import type { PositionLedger } from './position-ledger.ts';

/** What the driver does after a message; after `adoptRelation` it hands the same message in again. */
export const AFTER = { nothing: 0, adoptRelation: 1 } as const;

const OP_CREATE = 0x63;
const OP_UPDATE = 0x75;
const OP_DELETE = 0x64;
const OP_TRUNCATE = 0x74;
const COUNT_CREATE = 1;
const COUNT_UPDATE = 2;
const COUNT_DELETE = 3;
const COUNT_TRUNCATE = 4;
const NO_TEXT = Buffer.alloc(0);

export interface ChangeRouterOptions {
  readonly ledger: PositionLedger;
  readonly sink: EventSink;
  /** Log position that a table's copy covers, or null for a table that is not captured. */
  readonly coverage: (schema: string, table: string) => Lsn | null;
}

/** A described relation: what is known of it grows from its message to the compiled table. */
interface Relation {
  readonly message: RelationMessage;
  readonly coveredTo: Lsn;
  table: CapturedTable | null;
}

/**
 * Turns pgoutput messages into records, in place: bounds are found in the message, columns are encoded from there into
 * one reused buffer, and the sink copies that. No object lives per row. A relation is compiled by the driver, and only
 * when an event of it is due: a shape that no event has is never registered.
 */
export class ChangeRouter {
  readonly #ledger: PositionLedger;
  readonly #sink: EventSink;
  readonly #coverage: ChangeRouterOptions['coverage'];
  readonly #writer = new EventWriter();
  /** By OID; null for a relation that is published but not captured. */
  readonly #relations = new Map<number, Relation | null>();
  readonly #moment: SourceMoment = {
    commitTsMs: 0,
    snapshot: 'false',
    txId: -1,
    lsnHi: 0,
    lsnLo: 0,
    commitLsnHi: 0,
    commitLsnLo: 0,
    seq: 0,
  };
  #commitLsn = toLsn(0n);
  #lastOid = -1;
  #lastTable: CapturedTable | null = null;
  /** The relation that `AFTER.adoptRelation` speaks of. */
  pendingRelation: RelationMessage | null = null;
  /** Commit time of the newest transaction seen, milliseconds since 1970; 0 before the first. */
  lastCommitTsMs = 0;
  /** Source transactions completed since the driver last took the count. */
  transactions = 0;
  /** Wall clock for `ts_ms`; the driver sets it once per read. */
  nowMs = 0;

  constructor(options: ChangeRouterOptions) {
    this.#ledger = options.ledger;
    this.#sink = options.sink;
    this.#coverage = options.coverage;
  }

  /** Takes the compiled table of `pendingRelation`. */
  adopt(table: CapturedTable): void {
    const relation = this.pendingRelation && this.#relations.get(this.pendingRelation.oid);
    if (relation) relation.table = table;
    this.pendingRelation = null;
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
          if (this.pendingRelation !== null) return AFTER.adoptRelation;
          this.#ledger.number();
          return AFTER.nothing;
        }
        this.#moment.lsnHi = lsnHi;
        this.#moment.lsnLo = lsnLo;
        if (tag === MESSAGE.insert) this.#insert(table, buf, start, end);
        else if (tag === MESSAGE.update) this.#update(table, buf, start, end);
        else this.#delete(table, buf, start, end);
        return AFTER.nothing;
      }
      case MESSAGE.begin:
        this.#begin(buf, start);
        return AFTER.nothing;
      case MESSAGE.commit:
        this.#ledger.commit(parseCommit(buf, start).endLsn);
        this.transactions++;
        return AFTER.nothing;
      case MESSAGE.relation:
        this.#describe(parseRelation(buf, start));
        return AFTER.nothing;
      case MESSAGE.truncate:
        this.#moment.lsnHi = lsnHi;
        this.#moment.lsnLo = lsnLo;
        return this.#truncateAll(parseTruncate(buf, start));
      case MESSAGE.type:
      case MESSAGE.origin:
      case MESSAGE.logical:
        return AFTER.nothing;
      default:
        throw malformedMessage(`unknown message type ${String(tag)}`);
    }
  }

  #begin(buf: Buffer, start: number): void {
    const begin = parseBegin(buf, start);
    this.#ledger.begin(begin.commitLsn);
    this.#commitLsn = begin.commitLsn;
    // Whether a table's copy covers the transaction is worked out at its first change.
    this.#lastOid = -1;
    this.lastCommitTsMs = begin.commitTsMs;
    this.#moment.commitTsMs = begin.commitTsMs;
    this.#moment.txId = begin.xid;
    this.#moment.commitLsnHi = buf.readInt32BE(start + 1);
    this.#moment.commitLsnLo = buf.readUInt32BE(start + 5);
  }

  #describe(message: RelationMessage): void {
    const coveredTo = this.#coverage(message.schema, message.table);
    this.#relations.set(message.oid, coveredTo === null ? null : { message, coveredTo, table: null });
    this.#lastOid = -1;
  }

  #insert(table: CapturedTable, buf: Buffer, start: number, end: number): void {
    if (!this.#numberEvent()) return;
    const row = table.newRow;
    row.scan(buf, start + 6, end);
    this.#emit(table, OP_CREATE, COUNT_CREATE, buf, null, row, row);
  }

  #update(table: CapturedTable, buf: Buffer, start: number, end: number): void {
    const row = table.newRow;
    const oldRow = table.oldRow;
    let pos = start + 5;
    const kind = buf[pos];
    const hasOld = kind !== TUPLE.newRow;
    if (hasOld) pos = oldRow.scan(buf, pos + 1, end);
    row.scan(buf, pos + 1, end);
    if (hasOld && row.unchanged > 0) row.fillUnchanged(oldRow);
    if (hasOld && table.keyHeader !== null && keyChanged(table, buf)) {
      // Two events, so that consumers which keep one row per key forget the old one.
      if (this.#numberEvent()) this.#emitDelete(table, buf);
      if (this.#numberEvent()) this.#emit(table, OP_CREATE, COUNT_CREATE, buf, null, row, row);
      return;
    }
    if (!this.#numberEvent()) return;
    this.#emit(table, OP_UPDATE, COUNT_UPDATE, buf, kind === TUPLE.oldRow ? oldRow : null, row, row);
  }

  #delete(table: CapturedTable, buf: Buffer, start: number, end: number): void {
    if (!this.#numberEvent()) return;
    table.oldRow.scan(buf, start + 6, end);
    this.#emitDelete(table, buf);
  }

  #truncateAll(oids: readonly number[]): number {
    for (const oid of oids) {
      if (this.#relation(oid) === null && this.pendingRelation !== null) return AFTER.adoptRelation;
    }
    for (const oid of oids) {
      const table = this.#relation(oid);
      if (table === null) this.#ledger.number();
      else this.#truncate(table);
    }
    return AFTER.nothing;
  }

  #truncate(table: CapturedTable): void {
    if (!this.#numberEvent()) return;
    const { value } = this.#writer;
    this.#writer.writeEnvelope(table, OP_TRUNCATE, this.#moment, this.nowMs, NO_TEXT, null, null);
    this.#sink.append(table.topic, 0, null, 0, 0, value.bytes, 0, value.pos, this.#moment.commitTsMs);
    this.#count(table, COUNT_TRUNCATE);
  }

  #emitDelete(table: CapturedTable, buf: Buffer): void {
    const partition = this.#emit(table, OP_DELETE, COUNT_DELETE, buf, table.oldRow, null, table.oldRow);
    if (table.keyHeader === null) return;
    const { key } = this.#writer;
    this.#sink.append(table.topic, partition, key.bytes, 0, key.pos, null, 0, 0, this.#moment.commitTsMs);
  }

  /** Returns the partition the event went to. */
  #emit(
    table: CapturedTable,
    op: number,
    count: number,
    buf: Buffer,
    before: TupleSpans | null,
    after: TupleSpans | null,
    keyRow: TupleSpans,
  ): number {
    const writer = this.#writer;
    const { key, value } = writer;
    const moment = this.#moment;
    writer.writeEnvelope(table, op, moment, this.nowMs, buf, before, after);
    const headers = writer.headers.length > 0 ? writer.headers : undefined;
    if (headers) table.inexactEvents++;
    let partition: number;
    if (table.keyHeader === null) {
      partition = keylessPartition(moment, table.partitions);
      this.#sink.append(
        table.topic,
        partition,
        null,
        0,
        0,
        value.bytes,
        0,
        value.pos,
        moment.commitTsMs,
        headers,
      );
    } else {
      writer.writeKey(table, buf, keyRow);
      partition = partitionOf(key.bytes, 0, key.pos, table.partitions);
      const sink = this.#sink;
      sink.append(
        table.topic,
        partition,
        key.bytes,
        0,
        key.pos,
        value.bytes,
        0,
        value.pos,
        moment.commitTsMs,
        headers,
      );
    }
    this.#count(table, count);
    return partition;
  }

  #count(table: CapturedTable, operation: number): void {
    table.counts[operation] = (table.counts[operation] as number) + 1;
    this.#ledger.accept();
  }

  /** Numbers the event; false when Kafka has it already. */
  #numberEvent(): boolean {
    const seq = this.#ledger.number();
    if (seq < 0) return false;
    this.#moment.seq = seq;
    return true;
  }

  #tableOf(buf: Buffer, start: number): CapturedTable | null {
    const oid =
      (((buf[start + 1] as number) << 24) |
        ((buf[start + 2] as number) << 16) |
        ((buf[start + 3] as number) << 8) |
        (buf[start + 4] as number)) >>>
      0;
    return oid === this.#lastOid ? this.#lastTable : this.#relation(oid);
  }

  /** The compiled table, or null: not captured, covered by its copy, or, with `pendingRelation` set, not compiled yet. */
  #relation(oid: number): CapturedTable | null {
    const relation = this.#relations.get(oid);
    if (relation === undefined)
      throw malformedMessage(`a change of relation ${oid} came before its description`);
    const due = relation !== null && this.#commitLsn > relation.coveredTo;
    if (due && relation.table === null) {
      this.pendingRelation = relation.message;
      return null;
    }
    this.#lastOid = oid;
    this.#lastTable = due ? relation.table : null;
    return this.#lastTable;
  }
}

function keyChanged(table: CapturedTable, buf: Buffer): boolean {
  const before = table.oldRow;
  const after = table.newRow;
  for (const column of table.keyColumns) {
    const start = before.start(column);
    if (start < 0) continue;
    if (buf.compare(buf, start, before.end(column), after.start(column), after.end(column)) !== 0)
      return true;
  }
  return false;
}

/** Without a key there is no order to keep: spread by position, the same way at every replay. */
export function keylessPartition(moment: SourceMoment, partitions: number): number {
  return ((moment.commitLsnLo >>> 3) + moment.seq) % partitions;
}
