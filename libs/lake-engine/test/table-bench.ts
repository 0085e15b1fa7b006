import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeltaTable,
  partitionId,
  type AddFile,
  type DeltaField,
  type DeltaSurroundings,
  VECTORS_PROPERTY,
} from '@hasivu/delta';
import {
  setProperties,
  Engine,
  FileCache,
  identifier,
  LocalFiles,
  OpenTable,
  readFiles,
  storedAs,
  storedIds,
  TableVectors,
  unmarkedRows,
  uploadEngineFiles,
  type LakeStore,
  type RewriteTools,
} from '../src/index.ts';

export interface BenchTable {
  readonly root: string;
  readonly fields: readonly DeltaField[];
  readonly partitionColumns?: readonly string[];
  readonly configuration?: Readonly<Record<string, string>>;
}

/** Tables in a store, filled, changed and read by SQL. */
export class TableBench implements AsyncDisposable {
  readonly store: LakeStore;
  readonly engine: Engine;
  readonly cache: FileCache;
  readonly around: DeltaSurroundings;
  readonly #folder: string;
  nowMs = Date.now();

  private constructor(store: LakeStore, cache: FileCache, folder: string, memoryBytes: number) {
    this.store = store;
    this.cache = cache;
    this.#folder = folder;
    this.engine = new Engine({ folder, memoryBytes });
    this.around = { store, nowMs: () => this.nowMs, newId: randomUUID };
  }

  static async open(store: LakeStore, memoryBytes = 64e6): Promise<TableBench> {
    const folder = await mkdtemp(join(tmpdir(), 'hasivu-bench-'));
    return new TableBench(
      store,
      await FileCache.open(store, `bench-${randomUUID()}`, 2 ** 30),
      folder,
      memoryBytes,
    );
  }

  async create({ root, fields, partitionColumns = [], configuration = {} }: BenchTable): Promise<OpenTable> {
    const schema = { type: 'struct', fields } as const;
    return this.opened(
      await DeltaTable.create(root, { schema, partitionColumns, configuration }, this.around),
    );
  }

  /** The table with a view of its own of the log. */
  async reopen(root: string): Promise<OpenTable> {
    return this.opened((await DeltaTable.open(root, this.around)) as DeltaTable);
  }

  tools(table: OpenTable): RewriteTools {
    return { table, engine: this.engine, cache: this.cache, store: this.store };
  }

  /** Appends a query's rows, one file; `partition` gives the values of partition columns. */
  async append(
    table: OpenTable,
    query: string,
    partition: Readonly<Record<string, string | null>> = {},
    actions: readonly object[] = [],
  ): Promise<AddFile[]> {
    const columns = table.delta.state.schema.fields.filter((own) => !(own.name in partition));
    const adds = await this.engine.exclusively('filling a table', async (session) => {
      const mapping = table.delta.state.columns;
      const names = columns.map(({ name }) => name);
      const written = await session.writeParquet(
        `SELECT ${names.map((name) => storedAs(mapping, name)).join(', ')} FROM (${query})`,
        'rows',
        Number.MAX_SAFE_INTEGER,
        [],
        { codec: table.codec, fieldIds: storedIds(mapping, names) },
      );
      const named = written.map((file) => ({
        ...file,
        partitionTexts: new Map(Object.values(partition).map((value, at) => [`__p${at}`, value])),
      }));
      const parts = Object.keys(partition).map((name) => ({ name }));
      return uploadEngineFiles(table, this.cache, named, columns, parts);
    });
    await table.delta.commit({
      actions: [...adds.map((add) => ({ add })), ...(actions as never[])],
      operation: 'WRITE',
    });
    return adds;
  }

  /** Marks the rows for which the condition holds as deleted, as the sink does. @returns how many */
  async mark(table: OpenTable, condition: string): Promise<number> {
    const local = new LocalFiles(table, this.cache);
    let marked = 0;
    const actions = await this.engine.exclusively('marking rows', async (session) => {
      const vectors = new TableVectors(session, table, this.cache, local);
      const { rows: relation, files } = await this.#relation(table, local, vectors);
      const found = await session.rows(
        `SELECT __file, list(__row ORDER BY __row) AS at FROM ${relation} WHERE ${condition} GROUP BY __file`,
      );
      const going = new Map(
        found.map((row) => [local.at(row['__file']), (row['at'] as string[]).map(Number)] as const),
      );
      marked = [...going.values()].reduce((sum, rows) => sum + rows.length, 0);
      return files.length === 0 || marked === 0 ? [] : vectors.mark(going);
    });
    if (actions.length > 0)
      await table.delta.commit({
        actions: [...setProperties(table.delta, { [VECTORS_PROPERTY]: 'true' }), ...actions],
        operation: 'DELETE',
      });
    return marked;
  }

  /** A query over the table's rows, which are `t`; values as JSON has them. */
  async query(table: OpenTable, sql: string): Promise<Record<string, unknown>[]> {
    const local = new LocalFiles(table, this.cache);
    return await this.engine.exclusively('reading a table', async (session) => {
      const vectors = new TableVectors(session, table, this.cache, local);
      const { rows } = await this.#relation(table, local, vectors);
      return session.rows(`WITH t AS (SELECT r.* FROM ${rows} r) ${sql}`);
    });
  }

  /** One text that is the same for the same rows, whatever files they are in. */
  async digest(table: OpenTable): Promise<string> {
    const columns = table.delta.state.schema.fields.map(({ name }) => `CAST(${identifier(name)} AS VARCHAR)`);
    const [row] = await this.query(
      table,
      `SELECT count(1)::VARCHAR || '/' || coalesce(bit_xor(hash(${columns.join(', ')}))::VARCHAR, '') || '/' || coalesce(sum(hash(${columns.join(', ')})::HUGEINT)::VARCHAR, '') AS d FROM t`,
    );
    return row?.['d'] as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
    await this.cache.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  opened(table: DeltaTable): OpenTable {
    return new OpenTable(table, this.around);
  }

  async #relation(
    table: OpenTable,
    local: LocalFiles,
    vectors: TableVectors,
  ): Promise<{ rows: string; files: AddFile[] }> {
    const { fields } = table.delta.state.schema;
    const files = [...table.delta.state.files.values()];
    const names = table.partitionColumns.map((name) => ({ name }));
    const all = readFiles(fields, names, await local.groups(files));
    const marked = await vectors.load(files);
    return { rows: marked ? unmarkedRows(all) : all, files };
  }
}

/** Live files, by partition. */
export function filesByPartition(table: OpenTable): Map<string, AddFile[]> {
  return Map.groupBy(table.delta.state.files.values(), (file) =>
    partitionId(table.partitionColumns, file.partitionValues),
  );
}
