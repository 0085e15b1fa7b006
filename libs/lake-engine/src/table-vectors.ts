import {
  markedFile,
  packCommitVectors,
  parseStatistics,
  readVector,
  RowSet,
  type Action,
  type AddFile,
  type VectorFiles,
} from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import type { EngineSession } from './engine-session.ts';
import type { FileCache } from './file-cache.ts';
import type { EngineTable } from './engine-table.ts';
import type { LocalFiles } from './local-files.ts';
import { vectorFiles } from './vector-files.ts';

/** Deletion vectors of one table during one use of the engine: read for its queries, extended for the commit. */
export class TableVectors {
  readonly #session: EngineSession;
  readonly #table: EngineTable;
  readonly #cache: FileCache;
  readonly #local: LocalFiles;
  readonly #rows = new Map<string, RowSet>();
  /** Files whose marked rows the engine knows. */
  readonly #told = new Set<string>();
  readonly #files: VectorFiles;

  constructor(session: EngineSession, table: EngineTable, cache: FileCache, local: LocalFiles) {
    this.#session = session;
    this.#table = table;
    this.#cache = cache;
    this.#local = local;
    this.#files = vectorFiles(cache, table.root);
  }

  /** Rows of the file that are marked deleted; null when none is. To be read only. */
  async rowsOf(file: AddFile): Promise<RowSet | null> {
    if (file.deletionVector === undefined) return null;
    const known = this.#rows.get(file.path);
    if (known !== undefined) return known;
    const rows = await readVector(file.deletionVector, this.#files);
    this.#rows.set(file.path, rows);
    return rows;
  }

  /** Tells the engine which rows of these files are marked deleted. @returns whether any is */
  async load(files: Iterable<AddFile>): Promise<boolean> {
    let any = false;
    for (const file of files) {
      const rows = await this.rowsOf(file);
      if (rows === null) continue;
      any = true;
      if (this.#told.has(file.path)) continue;
      this.#told.add(file.path);
      await this.#session.markRows(
        await this.#local.pathOf(file),
        rows.toBits(markableRows(this.#table.root, file)),
      );
    }
    return any;
  }

  /**
   * Marks further rows of loaded files and uploads what has to be: until a commit names it, nobody sees it.
   * @returns the actions of the commit
   */
  async mark(files: ReadonlyMap<AddFile, readonly number[]>): Promise<Action[]> {
    const sets = [...files].map(([file, going]) => {
      const rows = this.#rows.get(file.path) ?? new RowSet();
      // Without the rows that are gone already they would come back.
      if (rows.size !== (file.deletionVector?.cardinality ?? 0))
        throw new TypeError('rows are marked in a file whose deletion vector was not loaded');
      for (const row of going) rows.add(row);
      return rows;
    });
    const { descriptors, file: packed } = packCommitVectors(sets, this.#table.newId());
    if (packed !== null) {
      const key = await this.#table.uploadVectors(packed);
      await this.#cache.keep(key, packed.bytes);
    }
    const nowMs = Date.now();
    return [...files.keys()].flatMap((file, index) => {
      const vector = descriptors[index];
      return vector === undefined ? [] : markedFile(file, vector, nowMs);
    });
  }
}

/** Rows of a file that has a deletion vector, marked ones too. @throws LAKE_LOG_CORRUPT where the log does not say */
export function markableRows(root: string, { stats }: AddFile): number {
  const rows = parseStatistics(stats).numRecords;
  if (rows >= 0) return rows;
  throw new PlatformError('LAKE_LOG_CORRUPT', {
    doing: `reading the table ${root}`,
    why: 'a file with a deletion vector has no row count',
    context: { table: root },
  });
}
