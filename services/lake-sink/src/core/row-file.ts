import type { AvroCursor, ColumnSchema } from '@hasivu/change-events';
import {
  ParquetFile,
  parquetNodes,
  statisticsJson,
  statisticsOf,
  type BytesColumn,
  type ColumnMapping,
  type DeltaField,
  type Int32Column,
  type Int64Column,
  type PartitionValues,
  type TypedColumn,
} from '@hasivu/delta';
import { cellCopier, SkippedCell, type CellCopier } from './cell-copier.ts';
import { fieldFor } from './column-origin.ts';
import { LOG_COLUMNS } from './lake-columns.ts';
import type { PageCompression } from './page-compression.ts';

const TWO_32 = 4294967296;
/** Rows that the engine takes at a time, whatever their width; never of two row groups. */
const ENGINE_ROWS = 2048;
/** What these may take: rows that are wider than 2 KB are put into smaller row groups. */
const ENGINE_ROWS_BYTES = 4 << 20;

/** What is written beside the row; one object, reused for every row. */
export interface ChangeFacts {
  op: Buffer;
  lsnHi: number;
  lsnLo: number;
  seq: number;
  txId: number;
  committedMs: number;
  partition: number;
  offset: number;
  unavailable: readonly string[];
}

/** A finished file: its bytes and what the Delta log says about it. */
export interface FinishedFile {
  readonly bytes: Buffer;
  readonly rows: number;
  readonly stats: string;
  /** By the names of the row. */
  readonly partitionValues: PartitionValues;
}

/** One Parquet file of one partition being filled row by row from Avro bytes. */
export class RowFile {
  readonly partitionValues: PartitionValues;
  readonly #fields: readonly DeltaField[];
  readonly #stored: readonly DeltaField[];
  readonly #columns: ColumnMapping;
  readonly #file: ParquetFile;
  readonly #byName = new Map<string, TypedColumn>();
  readonly #copiers = new Map<readonly ColumnSchema[], RowCopier>();
  #lastColumns: readonly ColumnSchema[] | null = null;
  #lastCopier: RowCopier | null = null;
  rows = 0;
  /** Of the open row group, since the last whole {@link ENGINE_ROWS}. */
  #stepRows = 0;
  #stepBytes = 0;

  constructor(
    fields: readonly DeltaField[],
    partitionValues: PartitionValues,
    compression: PageCompression,
    columns: ColumnMapping,
  ) {
    this.#fields = fields;
    this.#columns = columns;
    this.#stored = columns.storedFields(fields);
    this.partitionValues = partitionValues;
    this.#file = new ParquetFile({
      nodes: parquetNodes(this.#stored),
      codec: compression.codec,
      compress: compression,
      createdBy: 'hasivu-lake-sink',
    });
    fields.forEach((described, index) =>
      this.#byName.set(described.name.toLowerCase(), this.#file.columns[index] as TypedColumn),
    );
  }

  get heldBytes(): number {
    return this.#file.heldBytes;
  }

  /**
   * Appends the row that starts at the cursor, or a row of nulls without one.
   * @throws AvroDecodeError after taking the half-written row back
   */
  append(columns: readonly ColumnSchema[], cursor: AvroCursor | null, facts: ChangeFacts): void {
    const from = cursor?.pos ?? 0;
    const copier = this.#copierOf(columns);
    try {
      if (cursor === null) copier.appendNulls();
      else copier.append(cursor, facts.unavailable);
    } catch (error) {
      for (const column of this.#file.columns) if (column.rows > this.rows) column.dropLastRow();
      throw error;
    }
    this.#appendFacts(facts, copier);
    this.rows += 1;
    this.#stepRows += 1;
    this.#stepBytes += (cursor?.pos ?? 0) - from;
    if (this.#stepRows === ENGINE_ROWS || this.#stepBytes >= ENGINE_ROWS_BYTES) this.#endStep();
  }

  #endStep(): void {
    if (this.#stepBytes >= ENGINE_ROWS_BYTES) this.#file.endRowGroup(this.rows);
    this.#stepRows = 0;
    this.#stepBytes = 0;
  }

  /** The lake column of a column of these, or null where there is none. */
  fieldOf(columns: readonly ColumnSchema[], name: string): DeltaField | null {
    return this.#copierOf(columns).fieldOf(name);
  }

  finish(): FinishedFile {
    const stats = statisticsJson(this.#stored, statisticsOf(this.#stored, this.#file, this.rows));
    return {
      bytes: this.#file.finish(this.rows),
      rows: this.rows,
      stats,
      partitionValues: this.partitionValues,
    };
  }

  #copierOf(columns: readonly ColumnSchema[]): RowCopier {
    if (columns !== this.#lastColumns) {
      this.#lastCopier = this.#findCopier(columns);
      this.#lastColumns = columns;
    }
    return this.#lastCopier as RowCopier;
  }

  #findCopier(columns: readonly ColumnSchema[]): RowCopier {
    let copier = this.#copiers.get(columns);
    if (copier === undefined) {
      copier = new RowCopier(
        columns,
        this.#fields.slice(0, -LOG_COLUMNS.length),
        this.#byName,
        this.#columns,
      );
      this.#copiers.set(columns, copier);
    }
    return copier;
  }

  #appendFacts(facts: ChangeFacts, copier: RowCopier): void {
    const columns = this.#file.columns;
    let at = columns.length - LOG_COLUMNS.length;
    const op = columns[at++] as BytesColumn;
    op.level(1, 0);
    op.append(facts.op, 0, 1);
    const lsn = columns[at++] as Int64Column;
    lsn.level(1, 0);
    lsn.append(facts.lsnHi | 0, facts.lsnLo >>> 0);
    appendWhole(columns[at++] as Int64Column, facts.seq);
    if (facts.txId < 0) (columns[at++] as Int64Column).appendNull();
    else appendWhole(columns[at++] as Int64Column, facts.txId);
    appendWhole(columns[at++] as Int64Column, facts.committedMs * 1000);
    const partition = columns[at++] as Int32Column;
    partition.level(1, 0);
    partition.append(facts.partition);
    appendWhole(columns[at++] as Int64Column, facts.offset);
    appendNames(columns[at] as BytesColumn, copier.storedNames(facts.unavailable));
  }
}

/** A column of the lake as one writer's schema has it. */
interface Target {
  readonly field: DeltaField;
  readonly column: TypedColumn;
  /** Its name in the files. */
  readonly stored: string;
}

/** Copies rows of one writer's schema. */
class RowCopier {
  readonly #cells: readonly CellCopier[];
  readonly #absent: readonly TypedColumn[];
  readonly #all: readonly TypedColumn[];
  readonly #targets = new Map<string, Target>();

  constructor(
    columns: readonly ColumnSchema[],
    rowFields: readonly DeltaField[],
    byName: ReadonlyMap<string, TypedColumn>,
    mapping: ColumnMapping,
  ) {
    const sent = new Set<string>();
    this.#cells = columns.map((source) => {
      const field = fieldFor(rowFields, source);
      const column = field === null ? undefined : byName.get(field.name.toLowerCase());
      if (field === null || column === undefined) return new SkippedCell(source.type);
      sent.add(field.name);
      this.#targets.set(source.name, { field, column, stored: mapping.storedName(field.name) });
      return cellCopier(source.type, field.type, column);
    });
    this.#all = rowFields.map((own) => byName.get(own.name.toLowerCase()) as TypedColumn);
    this.#absent = rowFields
      .filter((own) => !sent.has(own.name))
      .map((own) => byName.get(own.name.toLowerCase()) as TypedColumn);
  }

  append(cursor: AvroCursor, unavailable: readonly string[]): void {
    for (const cell of this.#cells) cell.copy(cursor);
    for (const column of this.#absent) column.appendNull();
    // Text columns carry a marker in the place of the value that was not sent: in the lake it is a null.
    for (const name of unavailable) {
      const column = this.#targets.get(name)?.column;
      column?.dropLastRow();
      column?.appendNull();
    }
  }

  fieldOf(name: string): DeltaField | null {
    return this.#targets.get(name)?.field ?? null;
  }

  /** Names that stay when columns are renamed, since rows keep them. */
  storedNames(unavailable: readonly string[]): readonly string[] {
    return unavailable.length === 0
      ? unavailable
      : unavailable.flatMap((name) => this.#targets.get(name)?.stored ?? []);
  }

  appendNulls(): void {
    for (const column of this.#all) column.appendNull();
  }
}

/** A non-negative integer of up to 2^53. */
function appendWhole(column: Int64Column, value: number): void {
  column.level(1, 0);
  column.append(Math.floor(value / TWO_32), value >>> 0);
}

function appendNames(column: BytesColumn, names: readonly string[]): void {
  if (names.length === 0) {
    column.appendNull();
    return;
  }
  names.forEach((name, index) => {
    column.level(3, index === 0 ? 0 : 1);
    column.appendText(name);
  });
}
