import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection, type DuckDBResult } from '@duckdb/node-api';
import type { LakeConfig } from '@hasivu/config';
import type { ChangeRange, TableMoment } from '@hasivu/delta';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import {
  atOnce,
  EngineSession,
  FileCache,
  LakeReader,
  parseStatement,
  vectorFiles,
  type TableRead,
} from '@hasivu/lake-engine';
import { openStore, placeUri, type ObjectStore } from '@hasivu/object-store';
import { changesSelect, listChanges, loadChanges, type ListedChanges } from './changes-table.ts';
import { openLakeTable, rootOf } from './lake-table.ts';
import { describeReference, LAYERS, type TableReference } from './table-reference.ts';

export interface LakeEngineOptions {
  readonly lake: LakeConfig;
  /** Folder for local copies of data files. */
  readonly cacheDir: string;
  readonly signal: AbortSignal;
}

/** Copies of data files that stay for later commands; the least recently used go beyond it. */
const CACHE_BYTES = 4 * 2 ** 30;
const DOWNLOADS_AT_ONCE = 8;

/** A statement's rows, and what was read for them. */
export interface LakeAnswer {
  readonly result: DuckDBResult;
  readonly reads: readonly TableRead[];
}

/**
 * SQL over the lake: DuckDB in this process, tables resolved from their Delta logs when a statement names them. The
 * engine sees local copies of immutable files, so it needs no credentials.
 */
export class LakeEngine implements AsyncDisposable {
  readonly #connection: DuckDBConnection;
  readonly #store: ObjectStore;
  readonly #cache: FileCache;
  readonly #session: EngineSession;
  readonly #reader: LakeReader;
  readonly #signal: AbortSignal;

  private constructor(
    connection: DuckDBConnection,
    store: ObjectStore,
    cache: FileCache,
    signal: AbortSignal,
  ) {
    this.#connection = connection;
    this.#store = store;
    this.#cache = cache;
    this.#signal = signal;
    this.#session = new EngineSession(connection, join(cache.folder, 'session'));
    this.#reader = new LakeReader({ session: this.#session, cache, signal, catalogs: LAYERS });
  }

  static async open({ lake, cacheDir, signal }: LakeEngineOptions): Promise<LakeEngine> {
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      // The files are local; a copy of a part would be taken for that of another part.
      enable_external_file_cache: 'false',
    });
    const connection = await instance.connect();
    await connection.run(`SET TimeZone = 'UTC'`);
    for (const layer of LAYERS) await connection.run(`ATTACH ':memory:' AS ${layer}`);
    const store = openStore({ ...lake, userAgent: 'hasivu/query' });
    // Two lakes may have tables of the same name: their copies must not mix.
    const identity = createHash('sha256')
      .update(JSON.stringify([lake.endpoint, placeUri(lake), lake.prefix]))
      .digest('hex')
      .slice(0, 16);
    const cache = await FileCache.openKept(store, join(cacheDir, identity), CACHE_BYTES);
    return new LakeEngine(connection, store, cache, signal);
  }

  /**
   * Runs one statement that reads, over the newest versions of its tables or those of the moment. Only what it needs of them
   * is fetched. @throws PlatformError CLI_QUERY_FAILED, CLI_TABLE_UNKNOWN, LAKE_*, STORE_*
   */
  async query(sql: string, moment?: TableMoment): Promise<LakeAnswer> {
    const parsed = await parseStatement(this.#session, sql);
    if ('mistake' in parsed) throw queryFailed(new Error(parsed.mistake));
    const reads = await this.#reader.prepare(parsed, ({ catalog, schema, table }) =>
      openLakeTable(this.#store, { layer: catalog, schema, table }, moment),
    );
    try {
      return { result: await this.#connection.stream(sql), reads };
    } catch (error) {
      throw queryFailed(error);
    }
  }

  /**
   * The rows that commits of the range changed, in the order of the versions: the table's columns, `_change_type`,
   * `_commit_version` and `_commit_timestamp`. @throws PlatformError CLI_TABLE_UNKNOWN, LAKE_CHANGES_NOT_RECORDED,
   * LAKE_VERSION_GONE, LAKE_VERSION_FUTURE, STORE_*
   */
  async changes(reference: TableReference, range: ChangeRange): Promise<DuckDBResult> {
    const listed = (await listChanges(this.#store, reference, range)) ?? (await this.#noChanges(reference));
    const paths = await this.#fetchChanged(reference, listed);
    await loadChanges(this.#connection, vectorFiles(this.#cache, rootOf(reference)), listed.files, paths);
    return await this.#connection.stream(changesSelect(listed, paths));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    this.#store.close();
    await this.#cache.trim();
    await this.#cache.close();
  }

  async #noChanges(reference: TableReference): Promise<ListedChanges> {
    const { schema, columns, metadata } = (await openLakeTable(this.#store, reference)).state;
    return { schema, columns, partitionColumns: metadata.partitionColumns, files: [] };
  }

  async #fetchChanged(reference: TableReference, { files }: ListedChanges): Promise<string[]> {
    await mkdir(this.#session.folder, { recursive: true });
    try {
      return await atOnce(files, DOWNLOADS_AT_ONCE, ({ key, sizeBytes }) => {
        this.#signal.throwIfAborted();
        return this.#cache.pin(key, this.#session.folder, sizeBytes);
      });
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'STORE_OBJECT_MISSING') throw error;
      throw new PlatformError('LAKE_VERSION_GONE', {
        doing: `reading the changes of ${describeReference(reference)}`,
        why: 'a file that they are in is no longer there: vacuum deletes them with the retention of removed files',
        context: { ...error.context },
        cause: error,
      });
    }
  }
}

function queryFailed(error: unknown): PlatformError {
  const message = error instanceof Error ? error.message : String(error);
  return new PlatformError('CLI_QUERY_FAILED', {
    doing: 'running the statement',
    why: message.trim().replace(/[.!]$/, ''),
    cause: error,
  });
}
