import { AvroCursor } from './avro-cursor.ts';
import { AvroDecodeError } from './avro-decode-error.ts';
import { eachItem, skipColumn } from './column-reader.ts';
import type { ColumnSchema } from './column-type.ts';
import type { EnvelopeLayout } from './envelope-layout.ts';
import { toLsn, type Lsn } from './position.ts';

const NO_COLUMNS: readonly string[] = [];
const NO_BYTES = Buffer.alloc(0);

/**
 * Reads envelopes of one writer's schema in place. After `read`, the fields describe the event and `beforeOffset` and
 * `afterOffset` say where the rows' columns begin (-1: null); decode them with `cursorAt` and the column readers. The
 * object is reused for every event: copy what has to live longer.
 */
export class EnvelopeReader {
  readonly layout: EnvelopeLayout;
  readonly #cursor = new AvroCursor();
  readonly #columns: readonly ColumnSchema[];
  /** Character code of r, c, u, d, t or m. */
  op = 0;
  tsMs = 0;
  /** Commit time of the source transaction, milliseconds since 1970. */
  commitTsMs = 0;
  snapshot = 'false';
  txId = -1;
  commitLsnHi = 0;
  commitLsnLo = 0;
  seq = 0;
  beforeOffset = -1;
  afterOffset = -1;
  unavailable: readonly string[] = NO_COLUMNS;
  /** Where op, ts_ms, source and transaction end: they read the same in every table's envelope and can be copied. */
  headEnd = 0;
  #lsnHi = 0;
  #lsnLo = 0;

  constructor(layout: EnvelopeLayout) {
    this.layout = layout;
    this.#columns = layout.columns;
  }

  get commitLsn(): Lsn {
    return toLsn((BigInt(this.commitLsnHi) << 32n) | BigInt(this.commitLsnLo));
  }

  /** Position of the row's own log record; 0 for snapshot rows. */
  get lsn(): Lsn {
    return toLsn((BigInt(this.#lsnHi) << 32n) | BigInt(this.#lsnLo));
  }

  /** @throws AvroDecodeError when the bytes are not an envelope of this layout. */
  read(buf: Buffer, start: number, end: number): void {
    const c = this.#cursor.reset(buf, start, end);
    c.readBytes();
    if (c.stop - c.start !== 1) throw new AvroDecodeError('the operation is not one character');
    this.op = buf[c.start] as number;
    this.tsMs = c.readBranch(2) === 0 ? 0 : c.readLongNumber();
    this.#readSource(c);
    if (c.readBranch(2) === 1) {
      c.readBytes();
      c.skipLong();
      c.skipLong();
    }
    this.headEnd = c.pos;
    this.unavailable = c.readBranch(2) === 0 ? NO_COLUMNS : readNames(c);
    this.beforeOffset = -1;
    if (c.readBranch(2) === 1) {
      this.beforeOffset = c.pos;
      for (const column of this.#columns) skipColumn(c, column.type);
    }
    this.afterOffset = c.readBranch(2) === 0 ? -1 : c.pos;
  }

  /** A cursor on the row that begins at `offset`; shared, so finish one row before asking for the next. */
  cursorAt(offset: number): AvroCursor {
    this.#cursor.pos = offset;
    return this.#cursor;
  }

  /** Lets go of the bytes read last: a reader lives as long as its schema, and would keep a whole answer of a broker. */
  release(): void {
    this.#cursor.reset(NO_BYTES, 0, 0);
  }

  #readSource(c: AvroCursor): void {
    c.readBytes(); // version
    c.readBytes(); // connector
    c.readBytes(); // name
    this.commitTsMs = c.readLongNumber();
    c.readBytes();
    this.snapshot = isFalse(c) ? 'false' : c.buf.toString('latin1', c.start, c.stop);
    c.readBytes(); // db
    if (c.readBranch(2) === 1) c.readBytes(); // sequence
    c.readBytes(); // schema
    c.readBytes(); // table
    this.txId = c.readBranch(2) === 1 ? c.readLongNumber() : -1;
    this.#lsnHi = this.#lsnLo = 0;
    if (c.readBranch(2) === 1) {
      c.readLong();
      this.#lsnHi = c.hi;
      this.#lsnLo = c.lo;
    }
    if (c.readBranch(2) === 1) c.skipLong(); // xmin
    c.readLong();
    this.commitLsnHi = c.hi;
    this.commitLsnLo = c.lo;
    this.seq = c.readLongNumber();
  }
}

// 'false' is what nearly every event carries: comparing five bytes avoids a string per row.
function isFalse(c: AvroCursor): boolean {
  return c.stop - c.start === 5 && c.buf[c.start] === 0x66;
}

function readNames(c: AvroCursor): string[] {
  const names: string[] = [];
  eachItem(c, () => names.push(c.readString()));
  return names;
}
