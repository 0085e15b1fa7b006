import { WIRE_HEADER_BYTES } from '@hasivu/change-events';
import type { TupleSpans } from '@hasivu/pgoutput';
import type { KeyText } from '@hasivu/postgres';

import type { CapturedTable } from '../captured-table.ts';
import { EventWriter } from '../event-writer.ts';
import { OP } from '../operation.ts';
import type { RowTap } from '../row-tap.ts';
import { keyTextOf } from './key-text.ts';
import { nameOf } from './owed-keys.ts';
import type { ServerSnapshot } from './server-snapshot.ts';
import type { TouchedKeys } from './touched-keys.ts';

const MAX_OWED_BY = 10_000;

/**
 * Watches the changes of one table while it is read: which keys they touch, and by which transaction. Opened before the
 * first read, it stays open from chunk to chunk.
 */
export class TableWindow implements RowTap {
  readonly table: string;
  readonly touched: TouchedKeys;
  readonly #writer = new EventWriter();
  readonly #owe: (key: KeyText, name: string) => void;
  /** Snapshot of the chunk at hand, once it is taken: what it sees needs no note. */
  #snapshot: ServerSnapshot | null = null;
  /** Transactions that rows are owed by, by key. */
  readonly #owedBy = new Map<string, number>();
  #xid = -1;
  #seen = false;
  /** True once everything that was streamed before the window was opened is visible to new snapshots. */
  settled = false;
  /** True once a row came that has no key: no key tells then which rows were touched. */
  keyless = false;

  /**
   * @param table `schema.table`
   * @param owe told of a row that moved to another key without a value that the log lacks: whoever has never had the row
   *   has to be given it
   */
  constructor(table: string, owe: (key: KeyText, name: string) => void, touched: TouchedKeys) {
    this.table = table;
    this.#owe = owe;
    this.touched = touched;
  }

  /** A source transaction begins. */
  begin(xid: number): void {
    this.#xid = xid;
    this.#seen = this.#snapshot?.sees(xid) ?? false;
  }

  /** A chunk is read under `snapshot`; later ones see at least as much. */
  snapshotTaken(snapshot: ServerSnapshot): void {
    this.#snapshot = snapshot;
    this.#seen = snapshot.sees(this.#xid);
    this.touched.prune(snapshot);
  }

  row(
    op: number,
    table: CapturedTable,
    buf: Buffer,
    before: TupleSpans | null,
    after: TupleSpans | null,
    seq: number,
  ): boolean {
    if (op === OP.truncate) {
      if (!this.#seen) this.touched.truncate(this.#xid);
      return false;
    }
    if (table.keyFrame === null) {
      if (!this.#seen) this.touched.lost = this.keyless = true;
      return false;
    }
    const whole = after === null || after.unchanged === 0;
    const old = before === null ? null : this.keyOf(table, buf, before);
    const key = after === null ? old : this.keyOf(table, buf, after);
    if (op === OP.update && old !== null && old !== key && !whole && seq >= 0 && after !== null)
      this.#note(keyTextOf(table, buf, after));
    if (this.#seen) return false;
    if (key !== null) this.touched.touch(key, this.#xid, whole);
    if (old !== null && old !== key) this.touched.touch(old, this.#xid, true);
    return false;
  }

  /** True when a row that is owed cannot be read yet: `snapshot` does not see what gave it its key. */
  isUnseen(key: KeyText, snapshot: ServerSnapshot): boolean {
    const name = nameOf(key);
    const xid = this.#owedBy.get(name);
    if (xid === undefined) return false;
    if (!snapshot.sees(xid)) return true;
    this.#owedBy.delete(name);
    return false;
  }

  #note(key: KeyText): void {
    // With more of them the table is read again, through another window.
    const name = nameOf(key);
    if (this.#owedBy.size < MAX_OWED_BY) this.#owedBy.set(name, this.#xid);
    this.#owe(key, name);
  }

  /** The same for a row from the stream and from a copy, in text and in binary: its encoded key. */
  keyOf(table: CapturedTable, buf: Buffer, row: TupleSpans): string {
    const { key } = this.#writer;
    this.#writer.writeKey(table, buf, row);
    return key.bytes.toString('latin1', WIRE_HEADER_BYTES, key.pos);
  }
}
