import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColumnMapping, removalOf, schemaString, type Action, type DeltaField } from '@hasivu/delta';
import {
  Engine,
  engineType,
  FileCache,
  identifier,
  LocalFiles,
  readFiles,
  TableVectors,
  text,
  unmarkedRows,
  uploadEngineFiles,
} from '@hasivu/lake-engine';
import { MemoryStore } from '@hasivu/object-store';
import { LOG_COLUMNS, STATE_COLUMNS } from '../src/core/lake-columns.ts';
import { isAfter, type ChangePosition } from '../src/core/change-position.ts';
import { stateFields } from '../src/core/state-sql.ts';
import { tableFields, type TableShape } from '../src/core/table-shape.ts';
import { LakeTable } from '../src/io/lake-table.ts';
import { KeyIndexes } from '../src/io/key-index/key-indexes.ts';
import { StateMerger } from '../src/io/state-merger.ts';

/** A change of a table whose rows are a key and the columns `v` and `big`. */
export interface StateChange {
  readonly op: 'c' | 'u' | 'd' | 't';
  readonly lsn: number;
  readonly seq: number;
  /** SQL of the key columns' values, in the key's order. */
  readonly key: readonly string[];
  readonly v: number;
  readonly big: string;
  /** Postgres did not send `big`: it has not changed. */
  readonly lacksBig: boolean;
}

const MARK_ALWAYS = { minTableBytes: 0, minFileBytes: 0, maxDeletedShare: 0.4, rewriteBytes: 1 };

/** The state merger with a real engine, over tables in memory. */
export class StateBench implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #folder: string;
  readonly store: MemoryStore;
  #names = 0;

  private constructor(engine: Engine, cache: FileCache, folder: string, store: MemoryStore) {
    this.#engine = engine;
    this.#cache = cache;
    this.#folder = folder;
    this.store = store;
  }

  static async open(): Promise<StateBench> {
    const store = new MemoryStore();
    const folder = await mkdtemp(join(tmpdir(), 'state-bench-'));
    const cache = await FileCache.open(store, 'state-bench', 2 ** 30);
    return new StateBench(new Engine({ folder, memoryBytes: 48e6 }), cache, folder, store);
  }

  /** An empty table. */
  async table(shape: TableShape): Promise<BenchTable> {
    const root = `run-${(this.#names += 1)}`;
    const around = {
      store: this.store,
      nowMs: () => 1_790_000_000_000,
      newId: () => `00000000-0000-4000-8000-${String((this.#names += 1)).padStart(12, '0')}`,
    };
    const open = (): Promise<LakeTable> => LakeTable.open(root, around);
    const table = await open();
    await table.create(tableFields(shape, STATE_COLUMNS), [], shape.key);
    return new BenchTable(this.#engine, this.#cache, shape, table, open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close();
    await this.#cache.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export class BenchTable {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #shape: TableShape;
  readonly #open: () => Promise<LakeTable>;
  readonly table: LakeTable;
  #merger: StateMerger;
  #indexes: KeyIndexes | null = null;
  #mergers = 0;
  #truncatedAt: ChangePosition | null = null;

  constructor(
    engine: Engine,
    cache: FileCache,
    shape: TableShape,
    table: LakeTable,
    open: () => Promise<LakeTable>,
  ) {
    this.#engine = engine;
    this.#cache = cache;
    this.#shape = shape;
    this.#open = open;
    this.table = table;
    this.#merger = this.#newMerger();
  }

  /** @param feed whether the merge keeps its changes @returns what the commit says of itself */
  async apply(changes: readonly StateChange[], feed: boolean): Promise<Readonly<Record<string, string>>> {
    const local = await this.#engine.exclusively('writing a batch', async (session) => {
      const [file] = await session.writeParquet(changesSql(this.#shape, changes), 'batch', 2 ** 30, [], {
        codec: 'zstd',
      });
      return this.#cache.scratch(`bench-${Math.random()}`, await readFile((file as { path: string }).path));
    });
    const before = this.#truncatedAt;
    for (const { op, lsn, seq } of changes) {
      const at = { lsn: BigInt(lsn), seq };
      if (op === 't' && (this.#truncatedAt === null || isAfter(at, this.#truncatedAt)))
        this.#truncatedAt = at;
    }
    await this.#merger.apply(this.table, {
      shape: this.#shape,
      files: [{ partitionValues: {}, paths: [local], columns: ColumnMapping.NONE }],
      truncatedAt: this.#truncatedAt,
      truncates: this.#truncatedAt !== before,
      unavailable: changes.some((change) => change.lacksBig) ? ['big'] : [],
      txns: [],
      vectors: 'always',
      feed: feed ? 'on' : 'off',
      checks: {},
    });
    await rm(local, { force: true });
    const [commit] = await this.table.delta.history(1);
    return commit?.commitInfo?.operationMetrics ?? {};
  }

  /** The next batch is merged by a process that knows nothing of the ones before. */
  restart(): void {
    this.#indexes?.close();
    this.#merger = this.#newMerger();
  }

  close(): void {
    this.#indexes?.close();
  }

  /** Another process writes all rows into one new file; the merger learns of it when its commit is refused. */
  async compactElsewhere(): Promise<void> {
    const other = await this.#open();
    if (other.delta.state.files.size > 0)
      await this.#rewriteElsewhere(other, [], stateFields(this.#shape), '');
  }

  /** Another writer adds a column and fills it: the merger learns of it when its commit is refused. */
  async addColumnElsewhere(own: DeltaField, value: string): Promise<void> {
    const other = await this.#open();
    const { metadata, protocol, schema } = other.delta.state;
    const fields = [...schema.fields, own];
    const grown = { ...metadata, schemaString: schemaString({ type: 'struct', fields }) };
    const features = ['appendOnly', 'invariants', 'allowColumnDefaults'];
    const next = {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: protocol.readerFeatures ?? [],
      writerFeatures: [...new Set([...features, ...(protocol.writerFeatures ?? [])])],
    };
    const filled = `, CAST(${value} AS ${engineType(own.type)}) AS ${identifier(own.name)}`;
    const rowFields = [...stateFields(this.#shape), own];
    await this.#rewriteElsewhere(other, [{ metaData: grown }, { protocol: next }], rowFields, filled);
  }

  async #rewriteElsewhere(
    other: LakeTable,
    actions: readonly Action[],
    fields: readonly DeltaField[],
    added: string,
  ): Promise<void> {
    const files = [...other.delta.state.files.values()];
    const own = new Set(stateFields(this.#shape).map(({ name }) => name));
    const others = other.delta.state.schema.fields.filter(({ name }) => !own.has(name));
    const adds = await this.#engine.exclusively('compacting', async (session) => {
      const relation = await this.#rowsOf(other, session, others);
      const rows = `SELECT * EXCLUDE (__file, __row)${added} FROM ${relation} ORDER BY random()`;
      const written = await session.writeParquet(rows, 'compacted', 2 ** 30, [], { codec: 'zstd' });
      return uploadEngineFiles(other, this.#cache, written, fields, []);
    });
    await other.delta.commit({
      actions: [
        ...actions,
        ...files.map((file): Action => removalOf(file, 1)),
        ...adds.map((add): Action => ({ add: { ...add, dataChange: false } })),
      ],
      operation: 'OPTIMIZE',
    });
  }

  /** `key|v|big` of each row, in order, and behind it what the columns of other writers have. */
  async rows(...others: readonly DeltaField[]): Promise<string[]> {
    await this.table.delta.refresh();
    return this.#engine.exclusively('reading', async (session) => {
      const key = this.#shape.key.map((name) => `CAST(${identifier(name)} AS VARCHAR)`).join(` || '|' || `);
      const more = others.map(
        (own) => ` || '|' || coalesce(CAST(${identifier(own.name)} AS VARCHAR), 'null')`,
      );
      const rows = await session.rows(
        `SELECT ${key} || '|' || v || '|' || coalesce(big, 'null')${more.join('')} AS row FROM ${await this.#rowsOf(this.table, session, others)} ORDER BY 1`,
      );
      return rows.map((row) => row['row'] as string);
    });
  }

  /** The SQL values as the engine shows them: what `rows` has for the key. */
  async shown(keys: readonly (readonly string[])[]): Promise<string[]> {
    return this.#engine.exclusively('showing', async (session) => {
      const shown: string[] = [];
      for (const key of keys) {
        const cells = key.map((value, at) => `CAST(CAST(${value} AS ${this.#keyType(at)}) AS VARCHAR)`);
        const [row] = await session.rows(`SELECT ${cells.join(` || '|' || `)} AS key`);
        shown.push(row?.['key'] as string);
      }
      return shown;
    });
  }

  async #rowsOf(
    table: LakeTable,
    session: ConstructorParameters<typeof TableVectors>[0],
    others: readonly DeltaField[] = [],
  ): Promise<string> {
    const files = [...table.delta.state.files.values()];
    const local = new LocalFiles(table, this.#cache);
    const vectors = new TableVectors(session, table, this.#cache, local);
    const rows = readFiles([...stateFields(this.#shape), ...others], [], await local.groups(files));
    return (await vectors.load(files)) ? unmarkedRows(rows) : rows;
  }

  #keyType(at: number): string {
    const field = this.#shape.rowFields.find((own) => own.name === this.#shape.key[at]);
    return engineType(field?.type ?? 'string');
  }

  #newMerger(): StateMerger {
    // Every second one has room for a dozen keys: then it has to do without.
    const maxBytes = (this.#mergers += 1) % 2 === 0 ? 200 : 1e9;
    this.#indexes = new KeyIndexes({ folder: this.#cache.folder, maxBytes, nowMs: Date.now });
    return new StateMerger({
      engine: this.#engine,
      cache: this.#cache,
      indexes: this.#indexes,
      failpoint: () => undefined,
      limits: MARK_ALWAYS,
    });
  }
}

/** A query with the changes as a batch's files hold them. */
function changesSql(shape: TableShape, changes: readonly StateChange[]): string {
  const fields = [...shape.rowFields, ...LOG_COLUMNS];
  const typed = fields.map((own, at) => `CAST(c${at} AS ${engineType(own.type)}) AS ${identifier(own.name)}`);
  const rows = changes.map(({ op, lsn, seq, key, v, big, lacksBig }, place) => {
    const row = new Map<string, string>(
      shape.key.map((name, at) => [name, op === 't' ? 'NULL' : (key[at] as string)]),
    );
    if (op === 'c' || op === 'u') row.set('v', String(v)).set('big', lacksBig ? 'NULL' : text(big));
    row.set('_op', text(op)).set('_lsn', String(lsn)).set('_seq', String(seq)).set('_offset', String(place));
    if (lacksBig) row.set('_unavailable', `['big']`);
    return `SELECT ${fields.map((own, at) => `${row.get(own.name) ?? 'NULL'} AS c${at}`).join(', ')}`;
  });
  return `SELECT ${typed.join(', ')} FROM (${rows.join(' UNION ALL ')})`;
}
