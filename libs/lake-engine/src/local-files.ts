import { keyOfPath, partitionId, type AddFile, type ColumnMapping } from '@hasivu/delta';
import type { PartitionFiles } from './engine-sql.ts';
import type { FileCache } from './file-cache.ts';
import type { EngineTable } from './engine-table.ts';
import type { LakeObject } from './sparse-copy.ts';

/** A table's data files as the engine knows them: by their local path. */
export class LocalFiles {
  readonly #table: EngineTable;
  readonly #cache: FileCache;
  readonly #byPath = new Map<string, AddFile>();

  constructor(table: EngineTable, cache: FileCache) {
    this.#table = table;
    this.#cache = cache;
  }

  /** Fetches the file unless it is here. @throws STORE_OBJECT_MISSING */
  async pathOf(file: AddFile): Promise<string> {
    const path = await this.#cache.pathOf(this.#keyOf(file), file.size);
    this.#byPath.set(path, file);
    return path;
  }

  /** The file that the engine read from this path. */
  at(path: unknown): AddFile {
    const file = this.#byPath.get(path as string);
    if (file === undefined) throw new TypeError('the engine names a file that it was not given');
    return file;
  }

  /** The files by partition, as the engine reads them. */
  async groups(files: readonly AddFile[]): Promise<PartitionFiles[]> {
    const placed: PlacedFile[] = [];
    for (const file of files) placed.push({ file, path: await this.pathOf(file) });
    return byPartition(placed, this.#table.partitionColumns, this.#table.delta.state.columns);
  }

  /** The file in the store. */
  objectOf(file: AddFile): LakeObject {
    return { key: this.#keyOf(file), sizeBytes: file.size };
  }

  async forget(files: readonly AddFile[]): Promise<void> {
    for (const file of files) await this.#cache.forget(this.#keyOf(file));
  }

  #keyOf(file: AddFile): string {
    return `${this.#table.root}/${keyOfPath(file.path)}`;
  }
}

/** A file of a table and where it is. */
export interface PlacedFile {
  readonly file: Pick<AddFile, 'partitionValues'>;
  readonly path: string;
}

/** Files by their partition, as the engine reads them. */
export function byPartition(
  files: readonly PlacedFile[],
  partitionColumns: readonly string[],
  columns: ColumnMapping,
): PartitionFiles[] {
  const groups = new Map<string, PartitionFiles & { paths: string[] }>();
  for (const { file, path } of files) {
    const partitionValues = columns.namedValues(file.partitionValues);
    const id = partitionId(partitionColumns, partitionValues);
    const group = groups.get(id) ?? { partitionValues, paths: [], columns };
    group.paths.push(path);
    groups.set(id, group);
  }
  return [...groups.values()];
}
