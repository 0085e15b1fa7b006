import { readColumn, skipColumn, UNAVAILABLE_VALUE, writeColumn } from '@hasivu/change-events';
import type { AvroBuffer, AvroCursor, ColumnSchema } from '@hasivu/change-events';
import { clearUnavailable, type CompiledPipeline, type OutputColumn, type Row } from '@hasivu/pipeline';

/** A stretch of the output row: `columns` untouched input columns from `from` on, or one value to encode. */
interface Piece {
  readonly from: number;
  readonly columns: number;
  readonly column: OutputColumn;
}

/**
 * One row of an event, before or after: where its columns lie in the event's bytes, and the values that the steps and
 * rules need. Untouched columns are copied as bytes and never decoded. Reused for every event.
 */
export class RowImage {
  readonly row: Row;
  readonly #input: readonly ColumnSchema[];
  readonly #decoded: readonly boolean[];
  readonly #pieces: readonly Piece[];
  readonly #columns: readonly OutputColumn[];
  /** Byte offset of each input column; one more for the end. */
  readonly #offsets: Int32Array;
  #bytes: Buffer = Buffer.alloc(0);

  /** @param reads input columns whose values are needed */
  constructor(pipeline: CompiledPipeline, reads: ReadonlySet<number>) {
    this.row = pipeline.createRow();
    this.#input = pipeline.input.columns;
    this.#decoded = this.#input.map((_, i) => reads.has(i));
    this.#columns = pipeline.columns;
    this.#pieces = piecesOf(pipeline.columns, this.#input.length);
    this.#offsets = new Int32Array(this.#input.length + 1);
  }

  /** Reads the row that begins at the cursor and leaves the cursor after it. @throws AvroDecodeError */
  read(cursor: AvroCursor): void {
    const { values } = this.row;
    const input = this.#input;
    const decoded = this.#decoded;
    const offsets = this.#offsets;
    clearUnavailable(this.row);
    this.#bytes = cursor.buf;
    for (let i = 0; i < input.length; i++) {
      offsets[i] = cursor.pos;
      const { type } = input[i] as ColumnSchema;
      if (decoded[i]) values[i] = readColumn(cursor, type);
      else skipColumn(cursor, type);
    }
    offsets[input.length] = cursor.pos;
  }

  /** Marks the columns whose unchanged values the event does not carry; their placeholder must not be taken for one. */
  markUnavailable(names: readonly string[]): void {
    if (names.length === 0) return;
    const { row } = this;
    this.#input.forEach((column, i) => {
      if (!names.includes(column.name)) return;
      row.unavailable[i] = 1;
      row.values[i] = null;
      row.hasUnavailable = true;
    });
  }

  /** Names of the output columns that are unavailable. */
  unavailableOutputs(): string[] {
    const { row } = this;
    if (!row.hasUnavailable) return [];
    return this.#columns.filter((column) => row.unavailable[column.slot] === 1).map((column) => column.name);
  }

  /** Writes the finished row, every column as `["null", T]`. */
  write(out: AvroBuffer): void {
    for (const piece of this.#pieces) {
      if (piece.columns === 0) this.#writeValue(out, piece.column);
      else this.#copy(out, piece.from, piece.columns);
    }
  }

  /** Writes a row that has the key's columns only, as the old image of a delete without one. */
  writeKeyOnly(out: AvroBuffer, keySlots: readonly number[]): void {
    for (const column of this.#columns) {
      if (!keySlots.includes(column.slot)) out.writeNull();
      else if (column.slot < this.#input.length) this.#copy(out, column.slot, 1);
      else this.#writeValue(out, column);
    }
  }

  #copy(out: AvroBuffer, from: number, columns: number): void {
    out.writeRaw(this.#bytes, this.#offsets[from] as number, this.#offsets[from + columns] as number);
  }

  #writeValue(out: AvroBuffer, { type, slot }: OutputColumn): void {
    const { row } = this;
    const missing = row.hasUnavailable && row.unavailable[slot] === 1;
    writeColumn(
      out,
      type,
      missing && type.kind === 'string' ? UNAVAILABLE_VALUE : (row.values[slot] ?? null),
    );
  }
}

// Untouched columns that were neighbours and still are one copy.
function piecesOf(columns: readonly OutputColumn[], inputColumns: number): Piece[] {
  const pieces: { from: number; columns: number; column: OutputColumn }[] = [];
  for (const column of columns) {
    const last = pieces.at(-1);
    if (column.slot >= inputColumns) pieces.push({ from: 0, columns: 0, column });
    else if (last && last.columns > 0 && last.from + last.columns === column.slot) last.columns += 1;
    else pieces.push({ from: column.slot, columns: 1, column });
  }
  return pieces;
}
