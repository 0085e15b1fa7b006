import {
  pageCodecOf,
  partitionFolder,
  pathOfKey,
  type AddFile,
  type CdcFile,
  type DeltaField,
  type DeltaSurroundings,
  type DeltaTable,
  type PageCodec,
  type PartitionValues,
} from '@hasivu/delta';
import type { PartitionName } from './engine-sql.ts';

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
  /** What the table's data files are compressed with. */
  readonly codec: PageCodec;
  /** A fresh unique name. */
  newId(): string;
  /** Uploads a data file under a fresh name: until a commit names it, nobody sees it. @returns its add action and key */
  upload(file: NewFile): Promise<{ add: AddFile; key: string }>;
  /** Uploads a file of changed rows: until a commit names it, nobody sees it. */
  uploadChanges(file: Omit<NewFile, 'stats'>): Promise<CdcFile>;
  /** Uploads a file of deletion vectors: until a commit names it, nobody sees it. @returns its key */
  uploadVectors(file: { readonly key: string; readonly bytes: Uint8Array }): Promise<string>;
}

/** Columns that are in the table's files: not those that name the partition. */
export function storedFields({ delta, partitionColumns }: EngineTable): DeltaField[] {
  return delta.state.schema.fields.filter((own) => !partitionColumns.includes(own.name));
}

export function partitionNames({ partitionColumns }: EngineTable): PartitionName[] {
  return partitionColumns.map((name) => ({ name }));
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

  get codec(): PageCodec {
    return pageCodecOf(this.delta.state.metadata.configuration);
  }

  newId(): string {
    return this.#around.newId();
  }

  async uploadVectors(file: { readonly key: string; readonly bytes: Uint8Array }): Promise<string> {
    const key = `${this.root}/${file.key}`;
    await this.#around.store.put(key, file.bytes);
    return key;
  }

  async uploadChanges({ bytes, partitionValues }: Omit<NewFile, 'stats'>): Promise<CdcFile> {
    const relative = `_change_data/${this.#folderOf(partitionValues)}cdc-${this.newId()}.${this.codec}.parquet`;
    await this.#around.store.put(`${this.root}/${relative}`, bytes);
    return { path: pathOfKey(relative), partitionValues, size: bytes.byteLength, dataChange: false };
  }

  async upload({ bytes, stats, partitionValues }: NewFile): Promise<{ add: AddFile; key: string }> {
    const named = this.nameFile(partitionValues, bytes.byteLength, stats);
    await this.#around.store.put(named.key, bytes);
    return named;
  }

  /** A fresh name for a data file that is uploaded by other means. @returns its add action and key */
  nameFile(
    partitionValues: PartitionValues,
    sizeBytes: number,
    stats: string,
  ): { add: AddFile; key: string } {
    const relative = `${this.#folderOf(partitionValues)}part-${this.newId()}.${this.codec}.parquet`;
    const add: AddFile = {
      path: pathOfKey(relative),
      partitionValues,
      size: sizeBytes,
      modificationTime: this.#around.nowMs(),
      dataChange: true,
      stats,
    };
    return { add, key: `${this.root}/${relative}` };
  }

  #folderOf(values: PartitionValues): string {
    const { columns } = this.delta.state;
    return partitionFolder(
      this.partitionColumns.map((name) => columns.storedName(name)),
      values,
    );
  }
}
