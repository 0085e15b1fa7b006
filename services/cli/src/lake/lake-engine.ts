import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection, type DuckDBResult } from '@duckdb/node-api';
import type { LakeConfig } from '@hasivu/config';
import type { ChangeRange, TableMoment } from '@hasivu/delta';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import { identifier } from '@hasivu/lake-engine';
import { openStore, placeUri, type ObjectStore } from '@hasivu/object-store';
import { changesSelect, listChanges, loadChanges, type ListedChanges } from './changes-table.ts';
import { FileCache, type CachedObject } from './file-cache.ts';
import { liveObjects, openLakeTable, rootOf } from './lake-table.ts';
import { castColumns, lakeSelect, numberedRows, readParquet, type ViewedTable } from './lake-view-sql.ts';
import { loadMarkedRows } from './marked-rows.ts';
import { describeReference, LAYERS, tableReferences, type TableReference } from './table-reference.ts';

export interface LakeEngineOptions {
  readonly lake: LakeConfig;
  /** Folder for local copies of data files. */
  readonly cacheDir: string;
  readonly signal: AbortSignal;
}

/** The place of changed rows where there are none. */
const NO_ROWS = '(SELECT NULL::VARCHAR AS __file, NULL::BIGINT AS __row WHERE false)';

/**
 * SQL over the lake: DuckDB in this process, tables resolved from their Delta logs when a statement names them. The
 * engine sees local copies of immutable files, so it needs no credentials.
 */
export class LakeEngine implements AsyncDisposable {
  readonly #connection: DuckDBConnection;
  readonly #store: ObjectStore;
  readonly #cache: FileCache;
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
  }

  static async open({ lake, cacheDir, signal }: LakeEngineOptions): Promise<LakeEngine> {
    const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
    const connection = await instance.connect();
    await connection.run(`SET TimeZone = 'UTC'`);
    for (const layer of LAYERS) await connection.run(`ATTACH ':memory:' AS ${layer}`);
    const store = openStore({ ...lake, userAgent: 'hasivu/query' });
    // Two lakes may have tables of the same name: their copies must not mix.
    const identity = createHash('sha256')
      .update(JSON.stringify([lake.endpoint, placeUri(lake), lake.prefix]))
      .digest('hex')
      .slice(0, 16);
    return new LakeEngine(connection, store, new FileCache(store, join(cacheDir, identity)), signal);
  }

  /** Runs one statement that reads. @throws PlatformError CLI_QUERY_FAILED, CLI_TABLE_UNKNOWN, LAKE_*, STORE_* */
  async query(sql: string, moment?: TableMoment): Promise<DuckDBResult> {
    for (const reference of tableReferences(await this.#parse(sql))) await this.mount(reference, moment);
    try {
      return await this.#connection.stream(sql);
    } catch (error) {
      throw queryFailed(error);
    }
  }

  /** Makes the table's current version, or that of the moment, queryable under its name. @returns the version */
  async mount(reference: TableReference, moment?: TableMoment): Promise<number> {
    const table = await openLakeTable(this.#store, reference, moment);
    const { schema, columns, metadata, version } = table.state;
    const viewed = { schema, columns, partitionColumns: metadata.partitionColumns };
    const paths = await this.#cache.fetch(liveObjects(table), this.#signal);
    const present = await this.#columnsOf(paths, viewed);
    const marked = await loadMarkedRows(this.#connection, this.#store, table, paths);
    const select = lakeSelect({ ...viewed, paths, present, marked });
    const namespace = `${reference.layer}.${identifier(reference.schema)}`;
    await this.#connection.run(`CREATE SCHEMA IF NOT EXISTS ${namespace}`);
    await this.#connection.run(
      `CREATE OR REPLACE VIEW ${namespace}.${identifier(reference.table)} AS ${select}`,
    );
    await this.#cache.prune(rootOf(reference), new Set(paths), Date.now());
    return version;
  }

  /**
   * The rows that commits of the range changed, in the order of the versions: the table's columns, `_change_type`,
   * `_commit_version` and `_commit_timestamp`. @throws PlatformError CLI_TABLE_UNKNOWN, LAKE_CHANGES_NOT_RECORDED,
   * LAKE_VERSION_GONE, LAKE_VERSION_FUTURE, STORE_*
   */
  async changes(reference: TableReference, range: ChangeRange): Promise<DuckDBResult> {
    const listed = await listChanges(this.#store, reference, range);
    const { files, ...table } = listed ?? (await this.#noChanges(reference));
    const paths = await this.#fetchChanged(
      reference,
      files.map(({ object }) => object),
    );
    const present = await this.#columnsOf(paths, table);
    await loadChanges(this.#connection, this.#store, rootOf(reference), files, paths);
    const columns = castColumns(table, present);
    const relation = paths.length > 0 ? numberedRows(readParquet([...new Set(paths)], table)) : NO_ROWS;
    const select = changesSelect(columns, relation, present.has('_change_type'));
    return await this.#connection.stream(`${select} ORDER BY _commit_version`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    this.#store.close();
    return Promise.resolve();
  }

  async #noChanges(reference: TableReference): Promise<ListedChanges> {
    const { schema, columns, metadata } = (await openLakeTable(this.#store, reference)).state;
    return { schema, columns, partitionColumns: metadata.partitionColumns, files: [] };
  }

  async #fetchChanged(reference: TableReference, objects: readonly CachedObject[]): Promise<string[]> {
    try {
      return await this.#cache.fetch(objects, this.#signal);
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'LAKE_LOG_CORRUPT') throw error;
      throw new PlatformError('LAKE_VERSION_GONE', {
        doing: `reading the changes of ${describeReference(reference)}`,
        why: 'a file that they are in is no longer there: vacuum deletes them with the retention of removed files',
        context: { ...error.context },
        cause: error,
      });
    }
  }

  async #columnsOf(paths: readonly string[], table: ViewedTable): Promise<Set<string>> {
    if (paths.length === 0) return new Set();
    const described = await this.#connection.runAndReadAll(
      `DESCRIBE SELECT * FROM ${readParquet(paths, table)}`,
    );
    return new Set(described.getRows().map(([name]) => String(name)));
  }

  async #parse(sql: string): Promise<unknown> {
    const answer = await this.#connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
    const tree = JSON.parse(String(answer.getRows()[0]?.[0])) as { error: boolean; error_message?: string };
    if (tree.error) throw queryFailed(new Error(tree.error_message ?? 'the statement cannot be parsed'));
    return tree;
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
