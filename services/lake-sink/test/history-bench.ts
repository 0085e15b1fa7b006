import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ColumnMapping,
  field,
  partitionId,
  removalOf,
  schemaString,
  type Action,
  type AddFile,
  type DeltaField,
} from '@hasivu/delta';
import { MemoryStore } from '@hasivu/object-store';
import {
  Engine,
  type EngineSession,
  engineType,
  FileCache,
  inPartition,
  type MergeCommit,
  text,
  uploadEngineFiles,
} from '@hasivu/lake-engine';
import { historyTargets, type HistoryForm, type HistoryTarget } from '../src/core/history/history-form.ts';
import {
  historyFields,
  historyLayout,
  historyPartitions,
  rowFieldsOf,
  type HistoryLayout,
} from '../src/core/history/history-layout.ts';
import { LOG_COLUMNS } from '../src/core/lake-columns.ts';
import { isAfter, type ChangePosition } from '../src/core/change-position.ts';
import { historyBit } from '../src/core/row-batch.ts';
import { tableFields, type TableShape } from '../src/core/table-shape.ts';
import { advanceHistory } from '../src/io/history-advance.ts';
import { HistoryMerger } from '../src/io/history-merger.ts';
import { LakeTable } from '../src/io/lake-table.ts';
import { fetchedFiles } from '../src/io/fetched-files.ts';
import type { SourceChange } from './history-oracle.ts';

export const SHAPE: TableShape = {
  rowFields: [
    field('id', 'integer'),
    field('a', 'string'),
    field('n', 'integer'),
    field('big', 'string'),
    field('u', 'long'),
  ],
  partitions: [],
  key: ['id'],
};

type Row = Record<string, unknown>;

/** The history merger with a real engine, over tables in memory. */
export class HistoryBench implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #folder: string;
  readonly #store: MemoryStore;
  #names = 0;

  private constructor(engine: Engine, cache: FileCache, folder: string, store: MemoryStore) {
    this.#engine = engine;
    this.#cache = cache;
    this.#folder = folder;
    this.#store = store;
  }

  static async open(): Promise<HistoryBench> {
    const store = new MemoryStore();
    const folder = await mkdtemp(join(tmpdir(), 'history-bench-'));
    const cache = await FileCache.open(store, 'history-bench', 2 ** 30);
    return new HistoryBench(new Engine({ folder, memoryBytes: 48e6 }), cache, folder, store);
  }

  /** A source table with empty tables of its log and of one history. */
  async history(form: HistoryForm, shape: TableShape = SHAPE): Promise<BenchHistory> {
    const root = `run-${(this.#names += 1)}`;
    const around = {
      store: this.#store,
      nowMs: () => 1_790_000_000_000,
      newId: () => `id-${(this.#names += 1)}`,
    };
    const log = await LakeTable.open(`${root}/bronze`, around);
    await log.create(tableFields(shape, LOG_COLUMNS), [], shape.key);
    const layout = historyLayout(form, shape);
    const tables = new Map<HistoryTarget, LakeTable>();
    for (const target of historyTargets([form])) {
      const table = await LakeTable.open(`${root}/${target.root}`, around);
      const partitions = historyPartitions(layout, target.rows).map((part) => part.name);
      await table.create(historyFields(layout, target.rows), partitions, shape.key);
      tables.set(target, table);
    }
    const reopen = (target: HistoryTarget): Promise<LakeTable> =>
      LakeTable.open(`${root}/${target.root}`, around);
    return new BenchHistory(this.#engine, this.#cache, { layout, log, tables, reopen });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close();
    await this.#cache.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface Bound {
  readonly layout: HistoryLayout;
  readonly log: LakeTable;
  readonly tables: ReadonlyMap<HistoryTarget, LakeTable>;
  readonly reopen: (target: HistoryTarget) => Promise<LakeTable>;
}

export class BenchHistory {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #bound: Bound;
  readonly #merger: HistoryMerger;

  constructor(engine: Engine, cache: FileCache, bound: Bound) {
    this.#engine = engine;
    this.#cache = cache;
    this.#bound = bound;
    this.#merger = new HistoryMerger(engine, cache, () => undefined);
  }

  get targets(): HistoryTarget[] {
    return [...this.#bound.tables.keys()];
  }

  table(target: HistoryTarget): LakeTable {
    return this.#bound.tables.get(target) as LakeTable;
  }

  /** As bronze gets a batch before any history does. */
  async log(changes: string): Promise<void> {
    const { log, layout } = this.#bound;
    const fields = [...layout.shape.rowFields, ...LOG_COLUMNS];
    const adds = await this.#engine.exclusively('writing a log', async (session) =>
      uploadEngineFiles(
        log,
        this.#cache,
        await session.writeParquet(changes, 'log', 2 ** 30, [], { codec: 'zstd' }),
        fields,
        [],
      ),
    );
    await log.delta.commit({ actions: adds.map((add): Action => ({ add })), operation: 'STREAMING UPDATE' });
  }

  /** What retention does to the log: every file goes. */
  async forgetLog(): Promise<void> {
    const { log } = this.#bound;
    const actions = [...log.delta.state.files.values()].map((file): Action => removalOf(file, 1));
    await log.delta.commit({ actions, operation: 'DELETE' });
  }

  /** Applies a batch to every table of the history that is named. */
  async apply(
    changes: string,
    facts: {
      readonly truncatedAt: ChangePosition | null;
      readonly unavailable: Iterable<string>;
      /** Offset that the batch ends at. */
      readonly offset: number;
    },
    targets: readonly HistoryTarget[] = this.targets,
  ): Promise<MergeCommit[]> {
    const { layout, log, tables } = this.#bound;
    const local = await this.#engine.exclusively('writing a batch', async (session) => {
      const [file] = await session.writeParquet(changes, 'batch', 2 ** 30, [], { codec: 'zstd' });
      const { readFile } = await import('node:fs/promises');
      return this.#cache.scratch(`bench-${Math.random()}`, await readFile((file as { path: string }).path));
    });
    const { offset, ...rest } = facts;
    const commits: MergeCommit[] = [];
    const histories = [...tables].map(([target, table], at) => ({ target, table, bit: historyBit(at) }));
    await advanceHistory(
      histories.filter(({ target }) => targets.includes(target)),
      new Map([[0, offset]]),
      {
        topic: 'topic',
        lacking: 'noted',
        shape: layout.shape,
        files: () => Promise.resolve([{ partitionValues: {}, columns: ColumnMapping.NONE, paths: [local] }]),
        ...rest,
      },
      { log, histories },
      { historyMerger: this.#merger, onCommit: (_, commit) => commits.push(commit) },
    );
    await rm(local, { force: true });
    return commits;
  }

  /** @param from offset of the first change */
  async applyChanges(
    changes: readonly SourceChange[],
    from: number,
    targets = this.targets,
  ): Promise<MergeCommit[]> {
    let truncatedAt: ChangePosition | null = null;
    for (const { op, lsn, seq } of changes) {
      const at = { lsn: BigInt(lsn), seq };
      if (op === 't' && (truncatedAt === null || isAfter(at, truncatedAt))) truncatedAt = at;
    }
    const unavailable = new Set(changes.flatMap((change) => change.unavailable));
    const offset = from + changes.length - 1;
    return this.apply(changesSql(changes, from), { truncatedAt, unavailable, offset }, targets);
  }

  /** Another writer adds a column to a table and fills it: the merger learns of it when its commit is refused. */
  async addColumnElsewhere(target: HistoryTarget, own: DeltaField, value: string): Promise<void> {
    const other = await this.#bound.reopen(target);
    const { metadata, schema } = other.delta.state;
    const fields = [...schema.fields, own];
    const partitions = other.partitionColumns.map((name) => ({
      transform: 'identity' as const,
      source: name,
      name,
    }));
    const files = [...other.delta.state.files.values()];
    const adds: AddFile[] = [];
    for (const file of files) {
      const local = await fetchedFiles(other, this.#cache, [file]);
      const [path] = local.groups.flatMap((group) => group.paths).map(text);
      const query = `SELECT *, CAST(${value} AS ${engineType(own.type)}) AS ${own.name} FROM read_parquet(${path}, hive_partitioning = false)`;
      const stored = [...rowFieldsOf(this.#bound.layout, target.rows), own];
      const filled = await this.#engine.exclusively('filling a column', async (session) => {
        const written = await session.writeParquet(query, 'filled', 2 ** 30, [], { codec: 'zstd' });
        const named = inPartition(written, partitions, file.partitionValues);
        return uploadEngineFiles(other, this.#cache, named, stored, partitions);
      });
      adds.push(...filled);
    }
    await other.delta.commit({
      actions: [
        { metaData: { ...metadata, schemaString: schemaString({ type: 'struct', fields }) } },
        ...files.map((file): Action => removalOf(file, 1)),
        ...adds.map((add): Action => ({ add })),
      ],
      operation: 'UPDATE',
    });
  }

  /** Rows as the files hold them, numbers as numbers, times as seconds. @param others columns of other writers */
  async rows(target: HistoryTarget, others: readonly DeltaField[] = []): Promise<Row[]> {
    // As another reader: the merger is not to learn of it.
    const table = others.length === 0 ? this.table(target) : await this.#bound.reopen(target);
    const fields = [...rowFieldsOf(this.#bound.layout, target.rows), ...others];
    const columns = fields
      .filter((own) => !table.partitionColumns.includes(own.name))
      .map((own) =>
        own.type === 'timestamp'
          ? `epoch(${own.name})::BIGINT::DOUBLE AS ${own.name}`
          : own.type === 'long' || own.type === 'integer'
            ? `${own.name}::DOUBLE AS ${own.name}`
            : own.name,
      );
    const files = [...table.delta.state.files.values()];
    const byPartition = Map.groupBy(files, (file) =>
      partitionId(table.partitionColumns, file.partitionValues),
    );
    return this.#engine.exclusively('reading', async (session) => {
      const rows: Row[] = [];
      for (const group of byPartition.values())
        rows.push(...(await this.#read(session, table, columns, group)));
      return rows;
    });
  }

  /** Lengths of a column's texts. */
  async lengths(target: HistoryTarget, column: string): Promise<number[]> {
    const table = this.table(target);
    const local = await fetchedFiles(table, this.#cache, [...table.delta.state.files.values()]);
    const paths = local.groups.flatMap((group) => group.paths).map(text);
    return this.#engine.exclusively('reading', async (session) => {
      const rows = await session.rows(
        `SELECT length(${column})::DOUBLE AS n FROM read_parquet([${paths.join(', ')}])`,
      );
      return rows.map((row) => row['n'] as number);
    });
  }

  async #read(
    session: EngineSession,
    table: LakeTable,
    columns: readonly string[],
    files: readonly AddFile[],
  ): Promise<Row[]> {
    const local = await fetchedFiles(table, this.#cache, files);
    const paths = local.groups.flatMap((group) => group.paths).map(text);
    const rows = await session.rows(`SELECT ${columns.join(', ')} FROM read_parquet([${paths.join(', ')}])`);
    const constants = files[0]?.partitionValues ?? {};
    return rows.map((row) => ({ ...row, ...constants }));
  }
}

/** A query with the changes as bronze holds them. @param from offset of the first */
export function changesSql(changes: readonly SourceChange[], from: number): string {
  const value = (one: string | number | null): string =>
    one === null ? 'NULL' : typeof one === 'number' ? String(one) : text(one);
  const rows = changes.map(({ op, lsn, seq, at, key, values, unavailable }, place) => {
    const cells = [key, values['a'] ?? null, values['n'] ?? null, values['big'] ?? null, values['u'] ?? null];
    const names = unavailable.length === 0 ? 'NULL' : `[${unavailable.map(text).join(', ')}]`;
    return `(${cells.map(value).join(', ')}, ${text(op)}, ${lsn}, ${seq}, to_timestamp(${at}), ${from + place}, ${names})`;
  });
  return (
    `SELECT id::INTEGER AS id, a::VARCHAR AS a, n::INTEGER AS n, big::VARCHAR AS big, u::BIGINT AS u, op AS _op, ` +
    `lsn::BIGINT AS _lsn, seq::BIGINT AS _seq, 1::BIGINT AS _txid, moment AS _committed_at, 0::INTEGER AS _partition, ` +
    `o::BIGINT AS _offset, lacks::VARCHAR[] AS _unavailable FROM (VALUES ${rows.join(', ')}) ` +
    `AS t(id, a, n, big, u, op, lsn, seq, moment, o, lacks)`
  );
}
