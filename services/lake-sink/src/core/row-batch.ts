import type { ColumnSchema, EnvelopeReader } from '@hasivu/change-events';
import { ColumnMapping, type DeltaField } from '@hasivu/delta';
import { isAfter, type ChangePosition } from './change-position.ts';
import { LackingRows } from './lacking-rows.ts';
import type { PageCompression } from './page-compression.ts';
import { PartitionReader } from './partition-reader.ts';
import { RowFile, type ChangeFacts, type FinishedFile } from './row-file.ts';
import { fileFields, type TableShape } from './table-shape.ts';
import { UnsentColumns } from './unsent-columns.ts';

export const OP = {
  create: 0x63,
  read: 0x72,
  update: 0x75,
  delete: 0x64,
  truncate: 0x74,
  message: 0x6d,
} as const;

/** Partition files of one batch, each with pages of every column: with as many it is due. */
export const MAX_OPEN_PARTITIONS = 64;

/**
 * With as many it is flushed at the row, within what was fetched. It is far more than makes it due: a flush at each 64
 * cuts what was fetched into many times the files and commits.
 */
export const MAX_FETCHED_PARTITIONS = 256;

/** Which tables a batch goes to: bit 1 the change log, bit 2 the current state, one each from bit 4 on histories. */
export const TARGET = { log: 1, state: 2, both: 3 } as const;

/** Bit of a topic's history table. @param index its place among them, from 0 */
export function historyBit(index: number): number {
  return 4 << index;
}

/** Rows of one table between two flushes, encoded as they arrive. */
export class RowBatch {
  readonly shape: TableShape;
  readonly targets: number;
  readonly openedAtMs: number;
  /** How its files name the columns: as those of the change log, which they become. */
  readonly columns: ColumnMapping;
  /** Last offset per Kafka partition, of rows and of what was passed over. */
  readonly offsets = new Map<number, number>();
  truncatedAt: ChangePosition | null = null;
  /** Lake names of columns for which some row has no value although the table has one. */
  readonly unavailable = new Set<string>();
  rows = 0;
  readonly #table: string;
  readonly #compression: PageCompression;
  readonly #files = new Map<string, RowFile>();
  readonly #readers = new Map<readonly ColumnSchema[], PartitionReader>();
  readonly #ops = new Map<number, Buffer>();
  readonly #lacking: LackingRows;
  readonly #unsent: UnsentColumns;
  readonly #facts: ChangeFacts = {
    op: Buffer.alloc(1),
    lsnHi: 0,
    lsnLo: 0,
    seq: 0,
    txId: -1,
    committedMs: 0,
    partition: 0,
    offset: 0,
    unavailable: [],
  };
  #whole: RowFile | null = null;

  constructor(
    shape: TableShape,
    targets: number,
    table: string,
    openedAtMs: number,
    compression: PageCompression,
    columns = ColumnMapping.NONE,
  ) {
    this.shape = shape;
    this.columns = columns;
    this.targets = targets;
    this.#table = table;
    this.openedAtMs = openedAtMs;
    this.#compression = compression;
    this.#lacking = new LackingRows(shape.rowFields);
    this.#unsent = new UnsentColumns(shape.rowFields);
  }

  /** Its shape, with what its rows came without. */
  get filledShape(): TableShape {
    const { upTo } = this.#lacking;
    const unsent = this.#unsent.names;
    return {
      ...this.shape,
      ...(upTo.size === 0 ? {} : { lackedUpTo: upTo }),
      ...(unsent.length === 0 ? {} : { unsent }),
    };
  }

  get heldBytes(): number {
    let held = 0;
    for (const file of this.#files.values()) held += file.heldBytes;
    return held;
  }

  get openPartitions(): number {
    return this.#files.size;
  }

  /**
   * Appends the event that the reader has read. @returns false when it has no row to keep (messages)
   * @throws AvroDecodeError when its row cannot be decoded; the batch is as it was before
   */
  append(reader: EnvelopeReader, partition: number, offset: number): boolean {
    const { op } = reader;
    if (op === OP.message) return false;
    const rowAt = op === OP.delete ? reader.beforeOffset : reader.afterOffset;
    const facts = this.#facts;
    facts.op = this.#opText(op);
    facts.lsnHi = reader.commitLsnHi;
    facts.lsnLo = reader.commitLsnLo;
    facts.seq = reader.seq;
    facts.txId = reader.txId;
    facts.committedMs = reader.commitTsMs;
    facts.partition = partition;
    facts.offset = offset;
    facts.unavailable = reader.unavailable;
    const { columns } = reader.layout;
    const file = this.#fileOf(reader, rowAt);
    file.append(columns, rowAt < 0 ? null : reader.cursorAt(rowAt), facts);
    this.rows += 1;
    this.#lacking.note(reader);
    this.#unsent.note(columns);
    if (op === OP.truncate) this.noteTruncate({ lsn: reader.commitLsn, seq: reader.seq });
    else for (const name of reader.unavailable) this.#noteUnavailable(file.fieldOf(columns, name));
    return true;
  }

  finish(): FinishedFile[] {
    return [...this.#files.values()].filter((file) => file.rows > 0).map((file) => file.finish());
  }

  #fileOf(reader: EnvelopeReader, rowAt: number): RowFile {
    const { partitions } = this.shape;
    if (partitions.length === 0) return (this.#whole ??= this.#open('', {}));
    const { columns } = reader.layout;
    let partitionReader = this.#readers.get(columns);
    if (partitionReader === undefined) {
      partitionReader = new PartitionReader(columns, this.shape.rowFields, partitions, this.#table);
      this.#readers.set(columns, partitionReader);
    }
    const id = partitionReader.read(rowAt < 0 ? null : reader.cursorAt(rowAt));
    return this.#files.get(id) ?? this.#open(id, partitionReader.values());
  }

  #open(id: string, partitionValues: FinishedFile['partitionValues']): RowFile {
    const file = new RowFile(fileFields(this.shape), partitionValues, this.#compression, this.columns);
    this.#files.set(id, file);
    return file;
  }

  #noteUnavailable(field: DeltaField | null): void {
    if (field !== null) this.unavailable.add(field.name);
  }

  #opText(op: number): Buffer {
    let text = this.#ops.get(op);
    if (text === undefined) this.#ops.set(op, (text = Buffer.from([op])));
    return text;
  }

  /** The batch's rows before `position`, and the table's, are gone. */
  noteTruncate(position: ChangePosition): void {
    if (this.truncatedAt === null || isAfter(position, this.truncatedAt)) this.truncatedAt = position;
  }
}
