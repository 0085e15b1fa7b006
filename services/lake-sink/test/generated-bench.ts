import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  field,
  generationExpression,
  schemaString,
  upgradedProtocol,
  type Action,
  type DeltaField,
} from '@hasivu/delta';
import {
  Engine,
  FileCache,
  identifier,
  LocalFiles,
  NO_CAPACITY,
  readFiles,
  storedIds,
  uploadEngineFiles,
} from '@hasivu/lake-engine';
import { MemoryStore } from '@hasivu/object-store';
import { withOrigin } from '../src/core/column-origin.ts';
import { TARGET } from '../src/core/row-batch.ts';
import type { TopicBinding } from '../src/core/topic-binding.ts';
import { LakeTable } from '../src/io/lake-table.ts';
import { TopicTables } from '../src/io/topic-tables.ts';

/** A column of the source: its number there, its name and Delta's type. */
export type SourceColumn = readonly [number: number, name: string, type: string];

/** Bronze and silver of one topic, kept by the sink's own classes with a real engine, in memory. */
export class GeneratedBench implements AsyncDisposable {
  readonly #folder: string;
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #store: MemoryStore;
  #tables = 0;

  private constructor(folder: string, engine: Engine, cache: FileCache, store: MemoryStore) {
    this.#folder = folder;
    this.#engine = engine;
    this.#cache = cache;
    this.#store = store;
  }

  static async open(): Promise<GeneratedBench> {
    const store = new MemoryStore();
    const folder = await mkdtemp(join(tmpdir(), 'generated-bench-'));
    const cache = await FileCache.open(store, 'generated-bench', 2 ** 28);
    return new GeneratedBench(folder, new Engine({ folder, memoryBytes: 64e6 }), cache, store);
  }

  async table(own: Partial<TopicBinding> = {}): Promise<GeneratedTable> {
    const name = `t${(this.#tables += 1)}`;
    const around = { store: this.#store, nowMs: Date.now, newId: randomUUID };
    const log = await LakeTable.open(`bronze/${name}`, around);
    const state = await LakeTable.open(`silver/${name}`, around);
    return new GeneratedTable(this.#engine, this.#cache, this.#store, { log, state }, own);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close();
    await this.#cache.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export class GeneratedTable {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #store: MemoryStore;
  readonly log: LakeTable;
  readonly state: LakeTable;
  readonly #own: Partial<TopicBinding>;
  #generated: Readonly<Record<string, string>> = {};
  #tables: TopicTables;
  #lsn = 0n;

  constructor(
    engine: Engine,
    cache: FileCache,
    store: MemoryStore,
    { log, state }: { readonly log: LakeTable; readonly state: LakeTable },
    own: Partial<TopicBinding>,
  ) {
    this.#engine = engine;
    this.#cache = cache;
    this.#store = store;
    this.log = log;
    this.state = state;
    this.#own = own;
    this.#tables = this.#restarted();
  }

  #restarted(): TopicTables {
    const binding: TopicBinding = {
      topic: 't',
      table: 'public.t',
      logRoot: this.log.root,
      stateRoot: this.state.root,
      isEither: false,
      partitions: [],
      vectors: 'never',
      mapsColumns: true,
      onDrop: 'drop',
      feed: 'off',
      checks: {},
      histories: [],
      codec: null,
      ...this.#own,
      generated: this.#generated,
    };
    const tables = { log: this.log, state: this.state, histories: [] };
    const [engine, cache] = [this.#engine, this.#cache];
    return new TopicTables(binding, tables, { engine, cache, failpoint: () => undefined, room: NO_CAPACITY });
  }

  /** The sink starts with these settings. */
  configure(generated: Readonly<Record<string, string>>): void {
    this.#generated = generated;
    this.#tables = this.#restarted();
  }

  /** The next change has these columns, beside the key `id`. */
  async send(...columns: readonly SourceColumn[]): Promise<void> {
    const of = ([number, name, type]: SourceColumn): DeltaField =>
      withOrigin(field(name, type), `7.${number}`);
    const fields = [[1, 'id', 'integer'] as const, ...columns].map(of);
    const planned = this.#tables.planShape(fields, ['id'], { lsn: (this.#lsn += 1n), seq: 0 });
    const targets = TARGET.log | TARGET.state;
    if (planned === null && this.#tables.hold(targets, ['id'])) return;
    const shape = planned ?? this.#tables.shape;
    if (shape !== null) await this.#tables.adopt(shape, targets, ['id']);
  }

  /** A file of silver. @param row SQL of every column's value */
  async insert(row: Readonly<Record<string, string>>): Promise<void> {
    const values = { _lsn: '0::BIGINT', _seq: '0::BIGINT', ...row };
    const { columns } = this.state;
    const names = Object.keys(values);
    const sql = Object.values(values).map((value, at) => {
      const name = names[at] as string;
      return `${value} AS ${identifier(columns.storedName(name))}`;
    });
    const fields = names.map((name) => this.state.schema?.fields.find((own) => own.name === name));
    const adds = await this.#engine.exclusively('writing a row', async (session) => {
      const options = { codec: this.state.codec, fieldIds: storedIds(columns, names) };
      const written = await session.writeParquet(`SELECT ${sql.join(', ')}`, 'row', 1e9, [], options);
      return uploadEngineFiles(this.state, this.#cache, written, fields as DeltaField[], [], columns);
    });
    await this.commit(adds.map((add) => ({ add })));
  }

  async commit(actions: readonly Action[]): Promise<void> {
    await this.state.delta.commit({ actions, operation: 'WRITE', enforcesConstraints: true });
  }

  /** Another writer changes silver's columns and properties. */
  async declare(
    fields: readonly DeltaField[],
    properties: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { metadata, protocol } = this.state.delta.state;
    const schema = { type: 'struct', fields } as const;
    const configuration = { ...metadata.configuration, ...properties };
    const upgraded = upgradedProtocol(protocol, schema, configuration);
    await this.commit([
      { metaData: { ...metadata, configuration, schemaString: schemaString(schema) } },
      ...(upgraded === null ? [] : [{ protocol: upgraded }]),
    ]);
  }

  /** Silver's rows as texts, by column. */
  async rows(): Promise<readonly Record<string, unknown>[]> {
    const { state } = this.state.delta;
    const { fields } = state.schema;
    const local = new LocalFiles(this.state, this.#cache);
    const groups = (await local.groups([...state.files.values()])).map((group) => ({
      ...group,
      columns: state.columns,
    }));
    const values = fields
      .filter((own) => !own.name.startsWith('_'))
      .map(({ name }) => `CAST(${identifier(name)} AS VARCHAR) AS ${identifier(name)}`);
    const from = readFiles(fields, [], groups);
    return await this.#engine.exclusively('reading', (session) =>
      session.rows(`SELECT ${values.join(', ')} FROM ${from} ORDER BY id`),
    );
  }

  /** What the change feed's files hold of a column: `preimage 6`. */
  async feed(column: string): Promise<string[]> {
    const told: string[] = [];
    const name = this.state.columns.storedName(column);
    for await (const { key } of this.#store.list(`${this.state.root}/_change_data/`)) {
      const path = await this.#cache.pathOf(key);
      const rows = await this.#engine.exclusively('reading changes', (session) =>
        session.rows(`SELECT _change_type || ' ' || coalesce(CAST(${identifier(name)} AS VARCHAR), 'null') AS v
          FROM read_parquet('${path}')`),
      );
      told.push(...rows.map(({ v }) => v as string));
    }
    return told.sort();
  }

  names(table: LakeTable): string {
    return (table.schema?.fields ?? [])
      .map((own) => own.name)
      .filter((name) => !name.startsWith('_'))
      .join(' ');
  }

  /** `type := expression` of a generated column. */
  generation(name: string): string | null {
    const own = this.state.schema?.fields.find((one) => one.name === name);
    return own === undefined ? null : `${own.type as string} := ${generationExpression(own) ?? 'given'}`;
  }
}
