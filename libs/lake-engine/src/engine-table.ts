import {
  partitionFolder,
  pathOfKey,
  type AddFile,
  type DeltaSurroundings,
  type DeltaTable,
  type PartitionValues,
} from '@hasivu/delta';

export interface NewFile {
  readonly bytes: Uint8Array;
  readonly stats: string;
  /** As the log has them. */
  readonly partitionValues: PartitionValues;
}

/** What the engine's tools need of a table. */
export interface EngineTable {
  readonly root: string;
  readonly delta: DeltaTable;
  readonly partitionColumns: readonly string[];
  /** A fresh unique name. */
  newId(): string;
  /** Uploads a data file under a fresh name: until a commit names it, nobody sees it. @returns its add action and key */
  upload(file: NewFile): Promise<{ add: AddFile; key: string }>;
  /** Uploads a file of deletion vectors: until a commit names it, nobody sees it. @returns its key */
  uploadVectors(file: { readonly key: string; readonly bytes: Uint8Array }): Promise<string>;
}

/** A Delta table and the store that its files go to. */
export class OpenTable implements EngineTable {
  readonly delta: DeltaTable;
  readonly #around: DeltaSurroundings;

  constructor(delta: DeltaTable, around: DeltaSurroundings) {
    this.delta = delta;
    this.#around = around;
  }

  get root(): string {
    return this.delta.root;
  }

  get partitionColumns(): readonly string[] {
    return this.delta.state.metadata.partitionColumns;
  }

  newId(): string {
    return this.#around.newId();
  }

  async uploadVectors(file: { readonly key: string; readonly bytes: Uint8Array }): Promise<string> {
    const key = `${this.root}/${file.key}`;
    await this.#around.store.put(key, file.bytes);
    return key;
  }

  async upload(file: NewFile): Promise<{ add: AddFile; key: string }> {
    const { columns } = this.delta.state;
    const partitions = this.partitionColumns.map((name) => columns.storedName(name));
    const relative = `${partitionFolder(partitions, file.partitionValues)}part-${this.newId()}.zstd.parquet`;
    const key = `${this.root}/${relative}`;
    await this.#around.store.put(key, file.bytes);
    const add: AddFile = {
      path: pathOfKey(relative),
      partitionValues: file.partitionValues,
      size: file.bytes.byteLength,
      modificationTime: this.#around.nowMs(),
      dataChange: true,
      stats: file.stats,
    };
    return { add, key };
  }
}
