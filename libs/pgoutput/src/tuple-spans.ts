import { malformedMessage } from './malformed-message.ts';

/** In the place of a start offset: the column is null. */
export const SPAN_NULL = -1;
/** In the place of a start offset: an unchanged out-of-line (TOAST) value, which the log does not carry. */
export const SPAN_UNCHANGED = -2;

const KIND_NULL = 0x6e;
const KIND_UNCHANGED = 0x75;
const KIND_TEXT = 0x74;
const KIND_BINARY = 0x62;

/**
 * Where the columns of one tuple lie in the message: `start(i)` and `end(i)` offsets, or a marker. One object per
 * relation is filled again for every row, so that a row costs no allocation.
 */
export class TupleSpans {
  readonly columns: number;
  readonly bounds: Int32Array;
  /** 1 where the value of the row scanned last is in Postgres' binary form, 0 where it is text. */
  binary: Uint8Array;
  readonly #sentAs: Uint8Array;
  /** Columns of the row scanned last whose unchanged value the log does not carry. */
  unchanged = 0;
  readonly #slots: Int32Array | null;

  /**
   * @param columns that are kept
   * @param slots by column of the message its place among those kept, or -1; null where all are kept
   */
  constructor(columns: number, slots: Int32Array | null = null) {
    this.columns = columns;
    this.bounds = new Int32Array(columns * 2);
    this.#slots = slots;
    this.binary = this.#sentAs = new Uint8Array(columns);
  }

  start(column: number): number {
    return this.bounds[column * 2] as number;
  }

  end(column: number): number {
    return this.bounds[column * 2 + 1] as number;
  }

  /** Locates the columns of the tuple at `pos` (its column count). Returns the offset behind it. */
  scan(buf: Buffer, pos: number, limit: number): number {
    if (this.#slots !== null) return this.#scanKept(this.#slots, buf, pos, limit);
    const bounds = this.bounds;
    const count = ((buf[pos] as number) << 8) | (buf[pos + 1] as number);
    if (count !== this.columns) {
      throw malformedMessage(`a row has ${count} columns where its relation message named ${this.columns}`);
    }
    this.unchanged = 0;
    const binary = (this.binary = this.#sentAs);
    let at = pos + 2;
    for (let i = 0; i < count * 2; i += 2) {
      const kind = buf[at++];
      if (kind === KIND_TEXT || kind === KIND_BINARY) {
        binary[i >> 1] = kind === KIND_BINARY ? 1 : 0;
        const length =
          ((buf[at] as number) << 24) |
          ((buf[at + 1] as number) << 16) |
          ((buf[at + 2] as number) << 8) |
          (buf[at + 3] as number);
        at += 4;
        bounds[i] = at;
        at += length;
        bounds[i + 1] = at;
      } else if (kind === KIND_NULL) {
        bounds[i] = SPAN_NULL;
      } else if (kind === KIND_UNCHANGED) {
        bounds[i] = SPAN_UNCHANGED;
        this.unchanged++;
      } else {
        throw malformedMessage(`a column is of the unknown kind ${String(kind)}`);
      }
    }
    if (at > limit) throw malformedMessage('a row ends behind its message');
    return at;
  }

  /** As `scan`, for a message with columns that are left out. */
  #scanKept(slots: Int32Array, buf: Buffer, pos: number, limit: number): number {
    const bounds = this.bounds;
    const count = ((buf[pos] as number) << 8) | (buf[pos + 1] as number);
    if (count !== slots.length) {
      throw malformedMessage(`a row has ${count} columns where its relation message named ${slots.length}`);
    }
    this.unchanged = 0;
    const binary = (this.binary = this.#sentAs);
    let at = pos + 2;
    for (let i = 0; i < count; i++) {
      const slot = slots[i] as number;
      const kind = buf[at++];
      let start = SPAN_NULL;
      let end = 0;
      if (kind === KIND_TEXT || kind === KIND_BINARY) {
        start = at + 4;
        at = end = start + buf.readInt32BE(at);
      } else if (kind === KIND_UNCHANGED) {
        start = SPAN_UNCHANGED;
        if (slot >= 0) this.unchanged++;
      } else if (kind !== KIND_NULL) {
        throw malformedMessage(`a column is of the unknown kind ${String(kind)}`);
      }
      if (slot < 0) continue;
      bounds[slot * 2] = start;
      bounds[slot * 2 + 1] = end;
      binary[slot] = kind === KIND_BINARY ? 1 : 0;
    }
    if (at > limit) throw malformedMessage('a row ends behind its message');
    return at;
  }

  /**
   * Locates the fields of a row of `COPY … (FORMAT binary)`. Returns the offset behind it. The row does not say which
   * fields the query cast to text, so the caller does.
   * @param binary 1 for a field that is the column itself, 0 for one that was cast to text
   */
  scanCopyRow(buf: Buffer, pos: number, limit: number, binary: Uint8Array): number {
    const bounds = this.bounds;
    this.binary = binary;
    this.unchanged = 0;
    const count = buf.readInt16BE(pos);
    if (count !== this.columns)
      throw malformedMessage(`a copied row has ${count} columns, not ${this.columns}`);
    let at = pos + 2;
    for (let i = 0; i < count * 2; i += 2) {
      const length = buf.readInt32BE(at);
      at += 4;
      if (length < 0) {
        bounds[i] = SPAN_NULL;
      } else {
        bounds[i] = at;
        at += length;
        bounds[i + 1] = at;
      }
    }
    if (at > limit) throw malformedMessage('a copied row ends behind its message');
    return at;
  }

  /** Takes the values that the new row leaves out from the old row of the same message, where that has them. */
  fillUnchanged(oldRow: TupleSpans): void {
    for (let i = 0; i < this.columns; i++) {
      if (this.bounds[i * 2] !== SPAN_UNCHANGED || oldRow.start(i) < 0) continue;
      this.bounds[i * 2] = oldRow.start(i);
      this.bounds[i * 2 + 1] = oldRow.end(i);
      this.binary[i] = oldRow.binary[i] as number;
      this.unchanged--;
    }
  }

  isNull(column: number): boolean {
    return this.bounds[column * 2] === SPAN_NULL;
  }

  isUnchanged(column: number): boolean {
    return this.bounds[column * 2] === SPAN_UNCHANGED;
  }
}
