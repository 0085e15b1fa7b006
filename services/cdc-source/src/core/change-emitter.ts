import type { SourceMoment } from '@hasivu/change-events';
import { TUPLE, type TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import { EventAppender, type EventExtras } from './event-appender.ts';
import type { EventSink } from './event-sink.ts';
import { OP } from './operation.ts';
import type { PositionLedger } from './position-ledger.ts';
import type { TraceContext } from './trace-context.ts';

const COUNT_CREATE = 1;
const COUNT_UPDATE = 2;
const COUNT_DELETE = 3;
const COUNT_TRUNCATE = 4;
const NO_TEXT = Buffer.alloc(0);

/**
 * Turns the changes of a compiled table into records: bounds are found in the message, columns are encoded from there
 * into one reused buffer, and the sink copies that. No object lives per row.
 */
export class ChangeEmitter {
  readonly #ledger: PositionLedger;
  readonly #sink: EventSink;
  readonly #appender: EventAppender;
  readonly #trace: TraceContext | null;
  /** Position and time of the event to be written; the router keeps it. */
  readonly moment: SourceMoment = {
    commitTsMs: 0,
    snapshot: 'false',
    txId: -1,
    lsnHi: 0,
    lsnLo: 0,
    commitLsnHi: 0,
    commitLsnLo: 0,
    seq: 0,
  };
  /** Wall clock for `ts_ms`. */
  nowMs = 0;

  constructor(ledger: PositionLedger, sink: EventSink, extras: EventExtras) {
    this.#ledger = ledger;
    this.#sink = sink;
    this.#trace = extras.trace ?? null;
    this.#appender = new EventAppender(sink, extras);
  }

  /** @param start,end bounds of the Insert message */
  insert(table: CapturedTable, buf: Buffer, start: number, end: number): void {
    const fresh = this.#numberEvent();
    if (!fresh && table.tap === null) return;
    const row = table.newRow;
    row.scan(buf, start + 6, end);
    if (table.tap !== null && this.#tapped(table, OP.create, buf, null, row, fresh)) return;
    if (fresh) this.#emit(table, OP.create, COUNT_CREATE, buf, null, row, row);
  }

  /** @param start,end bounds of the Update message */
  update(table: CapturedTable, buf: Buffer, start: number, end: number): void {
    const row = table.newRow;
    const oldRow = table.oldRow;
    let pos = start + 5;
    const kind = buf[pos];
    const hasOld = kind !== TUPLE.newRow;
    if (hasOld) pos = oldRow.scan(buf, pos + 1, end);
    row.scan(buf, pos + 1, end);
    if (hasOld && row.unchanged > 0) row.fillUnchanged(oldRow);
    if (hasOld && table.keyFrame !== null && keyChanged(table, buf)) {
      this.#updateKey(table, buf);
      return;
    }
    const fresh = this.#numberEvent();
    if (table.tap !== null && this.#tapped(table, OP.update, buf, hasOld ? oldRow : null, row, fresh)) return;
    if (fresh)
      this.#emit(table, OP.update, COUNT_UPDATE, buf, kind === TUPLE.oldRow ? oldRow : null, row, row);
  }

  /** @param start,end bounds of the Delete message */
  delete(table: CapturedTable, buf: Buffer, start: number, end: number): void {
    const fresh = this.#numberEvent();
    if (!fresh && table.tap === null) return;
    table.oldRow.scan(buf, start + 6, end);
    if (table.tap !== null && this.#tapped(table, OP.delete, buf, table.oldRow, null, fresh)) return;
    if (fresh) this.#emitDelete(table, buf);
  }

  truncate(table: CapturedTable): void {
    const fresh = this.#numberEvent();
    if (table.tap !== null && this.#tapped(table, OP.truncate, NO_TEXT, null, null, fresh)) return;
    if (!fresh) return;
    const { writer } = this.#appender;
    const { value } = writer;
    writer.writeEnvelope(table, OP.truncate, this.moment, this.nowMs, NO_TEXT, null, null);
    const headers = this.#trace?.with(undefined);
    this.#sink.append(table.topic, 0, null, 0, 0, value.bytes, 0, value.pos, this.moment.commitTsMs, headers);
    this.#count(table, COUNT_TRUNCATE);
  }

  // Two events, so that consumers which keep one row per key forget the old one.
  #updateKey(table: CapturedTable, buf: Buffer): void {
    const { newRow, oldRow } = table;
    const deleteFresh = this.#numberEvent();
    const deleteSeq = this.moment.seq;
    const createFresh = this.#numberEvent();
    const createSeq = this.moment.seq;
    if (table.tap !== null && this.#tapped(table, OP.update, buf, oldRow, newRow, createFresh)) return;
    if (deleteFresh) {
      this.moment.seq = deleteSeq;
      this.#emitDelete(table, buf);
    }
    if (createFresh) {
      this.moment.seq = createSeq;
      this.#emit(table, OP.create, COUNT_CREATE, buf, null, newRow, newRow);
    }
  }

  #tapped(
    table: CapturedTable,
    op: number,
    buf: Buffer,
    before: TupleSpans | null,
    after: TupleSpans | null,
    fresh: boolean,
  ): boolean {
    return table.tap?.row(op, table, buf, before, after, fresh ? this.moment.seq : -1) ?? false;
  }

  #emitDelete(table: CapturedTable, buf: Buffer): void {
    const partition = this.#emit(table, OP.delete, COUNT_DELETE, buf, table.oldRow, null, table.oldRow);
    if (table.keyFrame === null) return;
    const { key } = this.#appender.writer;
    this.#sink.append(table.topic, partition, key.bytes, 0, key.pos, null, 0, 0, this.moment.commitTsMs);
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
    const { moment, nowMs } = this;
    const partition = this.#appender.append(table, op, moment, nowMs, buf, before, after, keyRow);
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
    this.moment.seq = seq;
    return true;
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
