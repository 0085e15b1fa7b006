import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { blobValue, DuckDBInstance, type DuckDBConnection, type Json } from '@duckdb/node-api';
import { PlatformError } from '@hasivu/errors';
import { text } from '../core/engine-sql.ts';
import type { EngineColumnStatistics } from '../core/engine-statistics.ts';
import { ADD_MARKED_ROWS, CREATE_MARKED_ROWS, MARKED_ROWS } from '../core/marked-rows-sql.ts';

/** A Parquet file that the engine wrote. */
export interface EngineFile {
  readonly path: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly columns: EngineColumnStatistics;
  /** Values of the columns the files were split by. */
  readonly partitionTexts: ReadonlyMap<string, string | null>;
}

export interface EngineOptions {
  readonly folder: string;
  /** What the engine may hold; beyond it spills to disk. */
  readonly memoryBytes: number;
}

/** A row group is held in memory until it is full: wide rows would otherwise make one of hundreds of megabytes. */
const ROW_GROUP_BYTES = 8 * 1024 * 1024;

/** How many times its memory the engine gets for a batch that does not fit. */
const RELIEF = 4;

/** The embedded DuckDB, over local files only. One user at a time: its session holds named relations. */
export class Engine {
  readonly #options: EngineOptions;
  #opening: Promise<DuckDBConnection> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #scratch = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Runs `work` when no other work runs. The engine is loaded on first use: change logs do not need it. */
  exclusively<T>(doing: string, work: (session: EngineSession) => Promise<T>): Promise<T> {
    const run = this.#queue.then(async () => {
      try {
        return await this.#once(work);
      } catch (error) {
        if (!isOutOfMemory(error)) throw mapEngineError(error, doing);
      }
      // Some steps cannot spill below a floor that grows with the rows' width. More memory for one batch is better
      // than a table that fails at the same batch after every restart.
      return this.#withMoreMemory(() => this.#once(work), doing);
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async close(): Promise<void> {
    await this.#queue;
    if (this.#opening !== null) (await this.#opening).closeSync();
  }

  async #once<T>(work: (session: EngineSession) => Promise<T>): Promise<T> {
    const session = new EngineSession(
      await this.#connection(),
      join(this.#options.folder, `scratch-${(this.#scratch += 1)}`),
    );
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  async #withMoreMemory<T>(work: () => Promise<T>, doing: string): Promise<T> {
    const connection = await this.#connection();
    await connection.run(`SET memory_limit = '${megabytes(this.#options.memoryBytes * RELIEF)}'`);
    try {
      return await work();
    } catch (error) {
      throw mapEngineError(error, doing);
    } finally {
      await connection.run(`SET memory_limit = '${megabytes(this.#options.memoryBytes)}'`);
    }
  }

  #connection(): Promise<DuckDBConnection> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<DuckDBConnection> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: megabytes(this.#options.memoryBytes),
      temp_directory: join(this.#options.folder, 'spill'),
      preserve_insertion_order: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allocator_background_threads: 'true',
      allocator_flush_threshold: '1MB',
      allocator_bulk_deallocation_flush_threshold: '1MB',
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run('SET partitioned_write_flush_threshold = 50000');
    return connection;
  }
}

/** One exclusive use of the engine, with a folder of its own that disappears with it. */
export class EngineSession {
  readonly #connection: DuckDBConnection;
  readonly folder: string;
  #hasMarkedRows = false;

  constructor(connection: DuckDBConnection, folder: string) {
    this.#connection = connection;
    this.folder = folder;
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Rows with every value as JSON has it: 64-bit integers are text. */
  async rows(sql: string): Promise<Record<string, Json>[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    return reader.getRowObjectsJson();
  }

  /** Adds a file to `marked_rows`. */
  async markRows(path: string, bits: Uint8Array): Promise<void> {
    if (!this.#hasMarkedRows) await this.run(CREATE_MARKED_ROWS);
    this.#hasMarkedRows = true;
    await this.#connection.run(ADD_MARKED_ROWS, [path, blobValue(bits)]);
  }

  /**
   * Writes a query's rows as zstd Parquet: one file per value of `splitBy`, or files of about `fileBytes` without it.
   * No rows, no files.
   */
  async writeParquet(
    query: string,
    name: string,
    fileBytes: number,
    splitBy: readonly string[],
  ): Promise<EngineFile[]> {
    await mkdir(this.folder, { recursive: true });
    const target = join(this.folder, name);
    const split =
      splitBy.length > 0 ? `PARTITION_BY (${splitBy.join(', ')})` : `FILE_SIZE_BYTES ${fileBytes}`;
    const options = `FORMAT parquet, COMPRESSION zstd, RETURN_STATS, ROW_GROUP_SIZE 50000, ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES}, ${split}`;
    const written = await this.rows(`COPY (${query}) TO ${text(target)} (${options})`);
    return written.map(toEngineFile).filter((file) => file.rows > 0);
  }

  async close(): Promise<void> {
    await this.#connection.run('DROP VIEW IF EXISTS state_next');
    for (const table of ['change_last', 'change_values', 'state_match', MARKED_ROWS])
      await this.#connection.run(`DROP TABLE IF EXISTS ${table}`);
    await rm(this.folder, { recursive: true, force: true });
  }
}

function toEngineFile(row: Record<string, Json>): EngineFile {
  const partitions = (row['partition_keys'] ?? []) as unknown as { key: string; value: string | null }[];
  const statistics = (row['column_statistics'] ?? []) as unknown as {
    key: string;
    value: { key: string; value: string }[];
  }[];
  return {
    path: row['filename'] as string,
    rows: Number(row['count']),
    sizeBytes: Number(row['file_size_bytes']),
    columns: new Map(
      statistics.map(({ key, value }) => [key, new Map(value.map((entry) => [entry.key, entry.value]))]),
    ),
    partitionTexts: new Map(partitions.map(({ key, value }) => [key, value])),
  };
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)}MB`;
}

function isOutOfMemory(error: unknown): boolean {
  return messageOf(error).startsWith('Out of Memory Error');
}

/** Without `instanceof`: the native library's errors are not of the realm that a test runs in. */
function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : '';
}

/** The engine's messages can quote values: only their first words, which name the kind of failure, are kept. */
function mapEngineError(error: unknown, doing: string): unknown {
  if (error instanceof PlatformError) return error;
  const kind = /^[A-Z][A-Za-z ]* Error/.exec(messageOf(error))?.[0];
  if (kind === undefined) return error;
  return new PlatformError('LAKE_MERGE_FAILED', {
    doing,
    why: `the engine answered: ${kind}`,
    context: { kind },
  });
}
