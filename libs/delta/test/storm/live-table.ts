import { randomUUID } from 'node:crypto';
import { createS3Store, type ObjectStore, type S3StoreOptions } from '../../../object-store/src/index.ts';
import {
  DeltaTable,
  readVector,
  RowSet,
  type AddFile,
  type DeltaSurroundings,
  type DeltaTable as Table,
} from '../../src/index.ts';
import { decodeRows, encodeRows, type Row } from './rows.ts';

export const ROOT = 't';
/** Files are immutable, so that what was read of one stays true. */
const READ_AT_ONCE = 8;
const KEPT_FILES = 400;

/** A live file's rows and which of them its vector takes out. */
export interface FileRows {
  readonly file: AddFile;
  /** All rows, by their number in the file. */
  readonly rows: readonly Row[];
  readonly gone: RowSet;
}

export interface Bounds {
  readonly minValues: Readonly<Record<string, number>>;
  readonly maxValues: Readonly<Record<string, number>>;
  readonly numRecords: number;
}

/** The table of the storm as one process sees it, with the rows of its files. */
export class LiveTable {
  readonly table: Table;
  readonly store: ObjectStore;
  readonly #rows = new Map<string, readonly Row[]>();

  private constructor(table: Table, store: ObjectStore) {
    this.table = table;
    this.store = store;
  }

  static async open(options: S3StoreOptions): Promise<LiveTable> {
    const store = createS3Store(options);
    const table = await DeltaTable.open(ROOT, around(store));
    if (table === null) throw new Error('there is no table');
    return new LiveTable(table, store);
  }

  get files(): AddFile[] {
    return [...this.table.state.files.values()];
  }

  /** Some files at a time: twenty processes that ask for all of theirs at once would get no connection in time. */
  async rowsOf(files: readonly AddFile[]): Promise<FileRows[]> {
    const read: FileRows[] = [];
    for (let from = 0; from < files.length; from += READ_AT_ONCE)
      read.push(
        ...(await Promise.all(files.slice(from, from + READ_AT_ONCE).map((file) => this.#rowsOf(file)))),
      );
    return read;
  }

  async #rowsOf(file: AddFile): Promise<FileRows> {
    const { deletionVector } = file;
    const files = { get: (key: string) => this.store.get(`${ROOT}/${key}`) };
    const [rows, gone] = await Promise.all([
      this.#allRows(file.path),
      deletionVector === undefined ? new RowSet() : readVector(deletionVector, files),
    ]);
    return { file, rows, gone };
  }

  /** Uploads a new file of these rows; it is in no version yet. */
  async upload(rows: readonly Row[], dataChange: boolean): Promise<{ add: AddFile }> {
    const { bytes, stats } = encodeRows(rows);
    const path = `part-${randomUUID()}.parquet`;
    await this.store.put(`${ROOT}/${path}`, bytes);
    const modificationTime = Date.now();
    return { add: { path, partitionValues: {}, size: bytes.length, modificationTime, dataChange, stats } };
  }

  async #allRows(path: string): Promise<readonly Row[]> {
    const known = this.#rows.get(path);
    if (known !== undefined) return known;
    const bytes = await this.store.get(`${ROOT}/${path}`);
    if (bytes === null) throw new Error(`${path} is in the table and not in the store`);
    const rows = await decodeRows(bytes);
    if (this.#rows.size >= KEPT_FILES) this.#rows.clear();
    this.#rows.set(path, rows);
    return rows;
  }
}

export function around(store: ObjectStore): DeltaSurroundings {
  return { store, nowMs: Date.now, newId: randomUUID, engineInfo: 'storm' };
}

/** Bounds that the file's statistics state; the storm's columns are whole numbers without nulls. */
export function boundsOf(file: AddFile): Bounds {
  return JSON.parse(file.stats ?? '{}') as Bounds;
}

/** Whether the file's statistics leave room for rows of this writer. */
export function mayHold(file: AddFile, writer: number): boolean {
  const { minValues, maxValues } = boundsOf(file);
  return (minValues['writer'] ?? 0) <= writer && writer <= (maxValues['writer'] ?? Infinity);
}
