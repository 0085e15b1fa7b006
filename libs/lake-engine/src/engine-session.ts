import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { blobValue, type DuckDBConnection, type Json } from '@duckdb/node-api';
import type { PageCodec } from '@hasivu/delta';
import { text } from './engine-sql.ts';
import type { EngineColumnStatistics } from './engine-statistics.ts';
import { engineVector, type EngineVector } from './engine-vector.ts';
import { ADD_MARKED_ROWS, CREATE_MARKED_ROWS } from './marked-rows-sql.ts';

/** A Parquet file that the engine wrote. */
export interface EngineFile {
  readonly path: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly columns: EngineColumnStatistics;
  /** Values of the columns the files were split by. */
  readonly partitionTexts: ReadonlyMap<string, string | null>;
}

export interface WriteOptions {
  readonly codec: PageCodec;
  /** Of the columns, as the engine's option of that name has them. */
  readonly fieldIds?: string;
  readonly rowGroupBytes?: number;
}

/** A row group is held in memory until it is full: wide rows would otherwise make one of hundreds of megabytes. */
const ROW_GROUP_BYTES = 8 * 1024 * 1024;

/** The engine's names. */
const COMPRESSION = {
  none: 'uncompressed',
  snappy: 'snappy',
  gzip: 'gzip',
  zstd: 'zstd',
  lz4: 'lz4_raw',
} as const satisfies Record<PageCodec, string>;

/** Drops what a session made; views first, because they read the tables. */
const LEFTOVERS = `
SELECT format('DROP VIEW "{}"', replace(view_name, '"', '""')) AS drop, 0 AS turn FROM duckdb_views() WHERE temporary AND NOT internal
UNION ALL
SELECT format('DROP TABLE "{}"', replace(table_name, '"', '""')), 1 FROM duckdb_tables() WHERE temporary ORDER BY turn`;

/** One exclusive use of the engine, with a folder of its own that disappears with it. */
export class EngineSession {
  readonly #connection: DuckDBConnection;
  readonly folder: string;
  #hasMarkedRows = false;

  constructor(connection: DuckDBConnection, folder: string) {
    this.#connection = connection;
    this.folder = folder;
  }

  /** Settings hold for the statements of `work` only. */
  async withSettings<T>(settings: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
    const names = Object.keys(settings);
    const before = new Map<string, string>();
    for (const name of names) {
      const [row] = await this.rows(`SELECT current_setting(${text(name)})::VARCHAR AS value`);
      before.set(name, row?.['value'] as string);
    }
    try {
      for (const name of names) await this.run(`SET ${name} = ${text(settings[name] as string)}`);
      return await work();
    } finally {
      for (const [name, value] of before) await this.run(`SET ${name} = ${text(value)}`);
    }
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Rows with every value as JSON has it: 64-bit integers are text. */
  async rows(sql: string): Promise<Record<string, Json>[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    return reader.getRowObjectsJson();
  }

  /**
   * Gives a query's rows column by column, some thousand at a time, without a JavaScript value per row. All columns must be
   * of fixed width. The vectors are the engine's: they are gone when `take` returns.
   */
  async stream(sql: string, take: (vectors: readonly EngineVector[], rows: number) => void): Promise<void> {
    const result = await this.#connection.stream(sql);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      const vectors: EngineVector[] = [];
      for (let at = 0; at < chunk.columnCount; at += 1)
        vectors.push(engineVector(chunk.getColumnVector(at), chunk.rowCount));
      take(vectors, chunk.rowCount);
    }
  }

  /** Appends rows to a table, one text and then whole numbers each. */
  async append(table: string, rows: Iterable<readonly [text: string, ...numbers: number[]]>): Promise<void> {
    const appender = await this.#connection.createAppender(table);
    for (const [first, ...numbers] of rows) {
      appender.appendVarchar(first);
      for (const number of numbers) appender.appendBigInt(BigInt(number));
      appender.endRow();
    }
    appender.closeSync();
  }

  /** Adds a file to `marked_rows`. */
  async markRows(path: string, bits: Uint8Array): Promise<void> {
    if (!this.#hasMarkedRows) await this.run(CREATE_MARKED_ROWS);
    this.#hasMarkedRows = true;
    await this.#connection.run(ADD_MARKED_ROWS, [path, blobValue(bits)]);
  }

  /**
   * Writes a query's rows as Parquet: one file per value of `splitBy`, or files of about `fileBytes` without it.
   * No rows, no files.
   */
  async writeParquet(
    query: string,
    name: string,
    fileBytes: number,
    splitBy: readonly string[],
    { codec, fieldIds = '', rowGroupBytes = ROW_GROUP_BYTES }: WriteOptions,
  ): Promise<EngineFile[]> {
    await mkdir(this.folder, { recursive: true });
    const target = join(this.folder, name);
    const split =
      splitBy.length > 0 ? `PARTITION_BY (${splitBy.join(', ')})` : `FILE_SIZE_BYTES ${fileBytes}`;
    const options = `FORMAT parquet, COMPRESSION ${COMPRESSION[codec]}, RETURN_STATS, ROW_GROUP_SIZE 50000, ROW_GROUP_SIZE_BYTES ${rowGroupBytes}, ${split}${fieldIds === '' ? '' : `, FIELD_IDS ${fieldIds}`}`;
    const written = await this.rows(`COPY (${query}) TO ${text(target)} (${options})`);
    return written.map(toEngineFile).filter((file) => file.rows > 0);
  }

  /** Removes what a write of this name left. */
  async discard(name: string): Promise<void> {
    await rm(join(this.folder, name), { recursive: true, force: true });
  }

  /** Removes the files and the marked rows of an earlier use. */
  async reset(): Promise<void> {
    this.#hasMarkedRows = false;
    await rm(this.folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const { drop } of await this.rows(LEFTOVERS)) await this.#connection.run(drop as string);
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
