import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import type { ObjectStore } from '../../../object-store/src/index.ts';
import {
  describeType,
  keyOfPath,
  parseStatistics,
  readVector,
  RowSet,
  type AddFile,
  type DeltaField,
  type TableState,
} from '../../src/index.ts';
import type { TextRow } from './row-kinds.ts';

/** What one reader sees of a table; rows as sorted JSON texts. */
export interface TableView {
  readonly version: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly rows: readonly string[];
  readonly files: Readonly<Record<string, FileView>>;
}

interface FileView {
  readonly size: number;
  readonly rows: number;
  /** Nulls, lowest and highest value by column. */
  readonly columns: Readonly<Record<string, readonly [number | null, string | null, string | null]>>;
  readonly partition: Readonly<Record<string, string | null>>;
}

const TEXT_BOUNDS = ['long', 'integer', 'string'];

/** Tables by our log and DuckDB: the files and vectors that our state names, their rows as DuckDB decodes them. */
export class OurView implements Disposable {
  readonly #store: ObjectStore;
  readonly #connection: DuckDBConnection;
  readonly #folder = mkdtempSync(join(tmpdir(), 'hasivu-model-'));
  readonly #local = new Map<string, string>();

  private constructor(store: ObjectStore, connection: DuckDBConnection) {
    this.#store = store;
    this.#connection = connection;
  }

  static async open(store: ObjectStore): Promise<OurView> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new OurView(store, connection);
  }

  async look(root: string, state: TableState): Promise<TableView> {
    const rows: string[] = [];
    const files: Record<string, FileView> = {};
    for (const file of state.files.values()) {
      const live = await this.liveRows(root, state, file);
      rows.push(...live.map(({ row }) => JSON.stringify(row)));
      const { numRecords, columns } = parseStatistics(file.stats);
      const bounded = state.schema.fields.filter(({ type }) => TEXT_BOUNDS.includes(describeType(type)));
      files[file.path] = {
        size: file.size,
        rows: numRecords,
        columns: Object.fromEntries(
          bounded.map(({ name }) => {
            const { nullCount, min, max } = columns.get(name) ?? {};
            return [name, [nullCount ?? null, min ?? null, max ?? null]];
          }),
        ),
        partition: { ...file.partitionValues },
      };
    }
    const fields = state.schema.fields.map(({ name, type }) => [name, describeType(type)] as const);
    return { version: state.version, fields, rows: rows.sort(), files };
  }

  /** Rows of a file that its vector leaves, with their numbers in it. */
  async liveRows(
    root: string,
    state: TableState,
    file: AddFile,
  ): Promise<{ row: TextRow; number: number }[]> {
    const { deletionVector } = file;
    const files = { get: (key: string) => this.#store.get(`${root}/${key}`) };
    const gone = deletionVector === undefined ? new RowSet() : await readVector(deletionVector, files);
    const all = await this.#decode(
      await this.#fetched(`${root}/${keyOfPath(file.path)}`),
      state.schema.fields,
    );
    return all
      .map((row, number) => ({ row: { ...row, ...file.partitionValues }, number }))
      .filter(({ number }) => !gone.has(number));
  }

  async #decode(path: string, fields: readonly DeltaField[]): Promise<TextRow[]> {
    const source = `'${path}'`;
    const schema = await this.#connection.runAndReadAll(`SELECT name FROM parquet_schema(${source})`);
    const stored = new Set(schema.getRows().map(([name]) => name));
    const columns = fields.map(({ name, type }) =>
      stored.has(name) ? `${asText(name, describeType(type))} AS "${name}"` : `NULL AS "${name}"`,
    );
    const sql = `SELECT ${columns.join()} FROM read_parquet(${source}, file_row_number = true) ORDER BY file_row_number`;
    const read = (await this.#connection.runAndReadAll(sql)).getRowObjects();
    return read.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, canonical(value)])),
    );
  }

  async #fetched(key: string): Promise<string> {
    const known = this.#local.get(key);
    if (known !== undefined) return known;
    const bytes = await this.#store.get(key);
    if (bytes === null) throw new Error(`${key} is in the table and not in the store`);
    const path = join(this.#folder, `${this.#local.size}.parquet`);
    writeFileSync(path, bytes);
    this.#local.set(key, path);
    return path;
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    rmSync(this.#folder, { recursive: true });
  }
}

function asText(name: string, type: string): string {
  if (type === 'double') return `"${name}"`;
  if (type === 'date') return `CAST("${name}" - DATE '1970-01-01' AS VARCHAR)`;
  if (type === 'timestamp') return `CAST(epoch_us("${name}") AS VARCHAR)`;
  return `CAST("${name}" AS VARCHAR)`;
}

function canonical(value: DuckDBValue): string | null {
  if (value === null) return null;
  if (typeof value !== 'number') return value as string;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}
