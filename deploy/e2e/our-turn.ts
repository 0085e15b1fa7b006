import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import {
  compressZstd,
  DeltaTable,
  field,
  keyOfPath,
  markedFile,
  packCommitVectors,
  ParquetFile,
  parquetNodes,
  readEverything,
  readVector,
  RowSet,
  statisticsJson,
  statisticsOf,
  type Action,
  type AddFile,
  type BytesColumn,
  type DeletionVector,
  type Int64Column,
} from '@hasivu/delta';
import { createFolderStore } from '@hasivu/object-store';
import type { PythonSession } from '@hasivu/testing';

/** id, words, amount in its text. */
export type TurnRow = readonly [number, string, string];

const FIELDS = [field('id', 'long'), field('words', 'string'), field('amount', 'decimal(12,2)')];

/** This library's turns at a table on local disk; values of files are decoded by DuckDB, the log is read and written here. */
export class OurTurn {
  readonly #folder: string;
  readonly #store;
  readonly #python: PythonSession;

  constructor(folder: string, python: PythonSession) {
    this.#folder = folder;
    this.#store = createFolderStore(folder);
    this.#python = python;
  }

  async create(root: string): Promise<void> {
    const configuration = { 'delta.enableDeletionVectors': 'true' };
    await DeltaTable.create(
      root,
      { schema: { type: 'struct', fields: FIELDS }, configuration },
      this.#around,
    );
  }

  async append(root: string, rows: readonly TurnRow[]): Promise<void> {
    const table = await this.#open(root);
    await table.commit({ actions: [await this.#upload(root, rows)], operation: 'WRITE' });
  }

  /** Marks the rows by vectors; with `words` they come again with other words, in the same commit. */
  async change(root: string, isMeant: (id: number) => boolean, words: string | null): Promise<void> {
    const table = await this.#open(root);
    const moved: TurnRow[] = [];
    const marked: { file: AddFile; rows: RowSet }[] = [];
    for (const file of table.state.files.values()) {
      const { rows, gone } = await this.#contents(root, file);
      const sizeBefore = gone.size;
      rows.forEach(([id, , amount], number) => {
        if (gone.has(number) || !isMeant(id)) return;
        gone.add(number);
        if (words !== null) moved.push([id, words, amount]);
      });
      if (gone.size > sizeBefore) marked.push({ file, rows: gone });
    }
    const sets = marked.map(({ rows }) => rows);
    const { descriptors, file: packed } = packCommitVectors(sets, randomUUID());
    if (packed !== null) await this.#store.put(`${root}/${packed.key}`, packed.bytes);
    const actions: Action[] = marked.flatMap(({ file }, index) =>
      markedFile(file, descriptors[index] as DeletionVector, Date.now()),
    );
    if (moved.length > 0) actions.push(await this.#upload(root, moved));
    const reads = readEverything(table.state.files.keys());
    await table.commit({ actions, operation: words === null ? 'DELETE' : 'UPDATE', reads });
  }

  async checkpoint(root: string): Promise<void> {
    await (await this.#open(root)).checkpoint();
  }

  async rows(root: string): Promise<TurnRow[]> {
    const table = await this.#open(root);
    const found: TurnRow[] = [];
    for (const file of table.state.files.values()) {
      const { rows, gone } = await this.#contents(root, file);
      found.push(...rows.filter((_row, number) => !gone.has(number)));
    }
    return found;
  }

  async #contents(
    root: string,
    { path, deletionVector }: AddFile,
  ): Promise<{ rows: TurnRow[]; gone: RowSet }> {
    const request = { engine: 'duckdb', do: 'file', path: join(this.#folder, root, keyOfPath(path)) };
    const rows = await this.#python.ask<TurnRow[]>(request);
    const files = { get: (key: string) => this.#store.get(`${root}/${key}`) };
    return {
      rows,
      gone: deletionVector === undefined ? new RowSet() : await readVector(deletionVector, files),
    };
  }

  async #upload(root: string, rows: readonly TurnRow[]): Promise<{ add: AddFile }> {
    const options = { codec: 'zstd', compress: compressZstd, createdBy: 'turns' } as const;
    const file = new ParquetFile({ nodes: parquetNodes(FIELDS), ...options });
    const [ids, texts, amounts] = file.columns as [Int64Column, BytesColumn, Int64Column];
    for (const [id, words, amount] of rows) {
      for (const column of file.columns) column.level(1, 0);
      ids.appendBigInt(BigInt(id));
      texts.appendText(words);
      amounts.appendBigInt(BigInt(amount.replace('.', '')));
    }
    const stats = statisticsJson(FIELDS, statisticsOf(FIELDS, file, rows.length));
    const bytes = file.finish(rows.length);
    const path = `part-${randomUUID()}.parquet`;
    await this.#store.put(`${root}/${path}`, bytes);
    const facts = { partitionValues: {}, size: bytes.length, modificationTime: Date.now(), dataChange: true };
    return { add: { path, stats, ...facts } };
  }

  async #open(root: string): Promise<DeltaTable> {
    const table = await DeltaTable.open(root, this.#around);
    if (table === null) throw new Error(`there is no table ${root}`);
    return table;
  }

  get #around() {
    return { store: this.#store, nowMs: Date.now, newId: randomUUID };
  }
}
