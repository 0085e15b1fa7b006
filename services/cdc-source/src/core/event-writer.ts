import { AvroBuffer, UNAVAILABLE_VALUE, type KeyFrame, type SourceMoment } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import {
  EXACT,
  SPAN_NULL,
  SPAN_UNCHANGED,
  UNREPRESENTABLE,
  type ColumnEncoder,
  type TupleSpans,
} from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import type { SchemaChanges } from './schema-changes.ts';
import { tableId } from './table-selection.ts';
import type { TransactionMetadata } from './transaction-metadata.ts';

export type RecordHeaders = readonly (readonly [string, Buffer])[];

/** Prefix of the header that carries the source text of a column whose Avro value is not exactly Postgres' value. */
export const TEXT_HEADER = 'pg.text.';

const NO_HEADERS: RecordHeaders = [];
/** Of a header in a record, beside its name and value: their lengths, as varints. */
const HEADER_OVERHEAD_BYTES = 10;

export function headerBytes([name, value]: RecordHeaders[number]): number {
  return HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + value.length;
}

/** Encodes keys and envelopes into two reused buffers. `headers` belongs to the envelope written last. */
export class EventWriter {
  readonly key = new AvroBuffer(1024);
  readonly value = new AvroBuffer();
  headers: RecordHeaders = NO_HEADERS;
  #headerBytes = 0;
  /** Where in the envelope the parts begin that depend on the rows. */
  #rowsAt = 0;
  readonly #transactions: TransactionMetadata | null;
  readonly #schemaChanges: SchemaChanges | null;

  /**
   * @param transactions fills the events' transaction block; null leaves it null, as copied rows have it
   * @param schemaChanges told of a shape ahead of its first event
   */
  constructor(transactions: TransactionMetadata | null = null, schemaChanges: SchemaChanges | null = null) {
    this.#transactions = transactions;
    this.#schemaChanges = schemaChanges;
  }

  /** Bytes of the envelope and its headers. */
  get size(): number {
    return this.value.pos + this.#headerBytes;
  }

  /** Writes the framed key of a row. The table has one. */
  writeKey(table: CapturedTable, src: Buffer, row: TupleSpans): void {
    const out = this.key;
    const { header } = table.keyFrame as KeyFrame;
    out.reset();
    out.writeRaw(header, 0, header.length);
    const { bounds } = row;
    for (const column of table.keyColumns) {
      const start = bounds[column * 2] as number;
      const encode = (row.binary[column] === 1 ? table.binaryEncoders : table.encoders)[column];
      const unusable =
        start < 0 || !encode || encode(src, start, bounds[column * 2 + 1] as number, out) === UNREPRESENTABLE;
      if (unusable) throw keyError(table, column);
    }
  }

  /**
   * Writes a framed envelope. `before` and `after` are located in `src`.
   * @param op character code of the operation
   */
  writeEnvelope(
    table: CapturedTable,
    op: number,
    moment: SourceMoment,
    nowMs: number,
    src: Buffer,
    before: TupleSpans | null,
    after: TupleSpans | null,
  ): void {
    if (this.#schemaChanges !== null && !table.announced) this.#schemaChanges.announce(table, moment);
    const out = this.value;
    this.headers = NO_HEADERS;
    this.#headerBytes = 0;
    out.reset();
    out.writeRaw(table.valueHeader, 0, table.valueHeader.length);
    out.writeByte(2); // length 1, zigzag
    out.writeByte(op);
    out.writePresent();
    out.writeLong(nowMs);
    table.source.write(out, moment);
    if (this.#transactions === null) out.writeNull();
    else this.#transactions.writeEvent(out, table);
    this.#rowsAt = out.pos;
    this.#writeRows(table, src, before, after);
  }

  /** Writes the rows of the envelope again: values of theirs were taken out. */
  rewriteRows(table: CapturedTable, src: Buffer, before: TupleSpans | null, after: TupleSpans | null): void {
    this.value.pos = this.#rowsAt;
    this.headers = NO_HEADERS;
    this.#headerBytes = 0;
    this.#writeRows(table, src, before, after);
  }

  #writeRows(table: CapturedTable, src: Buffer, before: TupleSpans | null, after: TupleSpans | null): void {
    if (after !== null && after.unchanged > 0) this.#writeUnavailable(table, after);
    else this.value.writeNull();
    this.#writeRow(table, src, before, after === null);
    this.#writeRow(table, src, after, true);
  }

  #writeUnavailable(table: CapturedTable, row: TupleSpans): void {
    const out = this.value;
    out.writePresent();
    out.writeLong(row.unchanged);
    for (let i = 0; i < row.columns; i++) {
      if (row.isUnchanged(i)) out.writeString(table.schema.columns[i]?.name ?? '');
    }
    out.writeByte(0);
  }

  #writeRow(table: CapturedTable, src: Buffer, row: TupleSpans | null, keepText: boolean): void {
    const out = this.value;
    if (row === null) {
      out.writeNull();
      return;
    }
    out.writePresent();
    const { encoders, binaryEncoders } = table;
    const { bounds, columns, binary } = row;
    for (let i = 0; i < columns; i++) {
      const start = bounds[i * 2] as number;
      if (start === SPAN_NULL) {
        out.writeByte(0);
        continue;
      }
      if (start === SPAN_UNCHANGED) {
        writePlaceholder(out, table, i);
        continue;
      }
      const end = bounds[i * 2 + 1] as number;
      const branchAt = out.pos;
      out.writeByte(2);
      const encode = (binary[i] === 1 ? binaryEncoders[i] : encoders[i]) as ColumnEncoder;
      const outcome = encode(src, start, end, out);
      if (outcome === EXACT) continue;
      if (outcome === UNREPRESENTABLE) {
        out.pos = branchAt;
        out.writeByte(0);
      }
      if (keepText) this.#keepText(table, i, row, src);
    }
  }

  // Rare: an infinity, a NaN, an array of unexpected shape. The text travels beside the value, so nothing is lost.
  #keepText(table: CapturedTable, column: number, row: TupleSpans, src: Buffer): void {
    const name = TEXT_HEADER + (table.schema.columns[column]?.name ?? '');
    const start = row.start(column);
    const end = row.end(column);
    const printed = row.binary[column] === 1 ? table.binary[column]?.text(src, start, end) : undefined;
    const text =
      printed === undefined ? Buffer.from(src.subarray(start, end)) : Buffer.from(printed, 'latin1');
    this.headers = [...this.headers, [name, text]];
    this.#headerBytes += headerBytes([name, text]);
  }
}

// Debezium's marker where the type can hold it, null elsewhere; `unavailable` names the column either way.
function writePlaceholder(out: AvroBuffer, table: CapturedTable, column: number): void {
  const kind = table.schema.columns[column]?.type.kind;
  if (kind === 'string' || kind === 'json') {
    out.writePresent();
    out.writeString(UNAVAILABLE_VALUE);
  } else {
    out.writeNull();
  }
}

function keyError(table: CapturedTable, column: number): PlatformError {
  const name = tableId(table.schema);
  return new PlatformError('SOURCE_KEY_VALUE', {
    doing: `encoding the key of a row of ${name}`,
    why: `key column "${table.schema.columns[column]?.name ?? ''}" has no value that a key can carry`,
    context: { table: name },
  });
}
