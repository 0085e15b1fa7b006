import {
  arrayOf,
  ColumnMapping,
  compressZstd,
  DeltaTable,
  dropColumn,
  evolveSchema,
  field,
  mapColumns,
  ParquetFile,
  parquetNodes,
  parseSchema,
  removalOf,
  renameColumn,
  schemaString,
  statisticsJson,
  upgradedProtocol,
  withColumnIds,
  type Action,
  type AddFile,
  type DeltaField,
  type DeltaStruct,
  type DeltaSurroundings,
  type DeltaType,
  type Metadata,
} from '@hasivu/delta';
import fc from 'fast-check';
import { shredRow, type NestedValue } from '../../delta/src/parquet/shred-rows.ts';
import {
  engineType,
  identifier,
  LocalFiles,
  OpenTable,
  readFiles,
  text,
  uploadEngineFiles,
  writePartitioned,
  type Engine,
  type FileCache,
} from '../src/index.ts';

/** What happens to a table; `at` chooses among the columns that there are. */
export type StoryStep =
  | { readonly kind: 'insert'; readonly rows: number; readonly by: 'engine' | 'writer' }
  | { readonly kind: 'add'; readonly name: string; readonly type: number }
  | { readonly kind: 'widen' | 'drop'; readonly at: number }
  | { readonly kind: 'rename'; readonly at: number; readonly name: string }
  | { readonly kind: 'swap'; readonly at: number; readonly with: number }
  | { readonly kind: 'rewrite' | 'checkpoint' };

const STRUCT: DeltaStruct = { type: 'struct', fields: [field('x', 'long'), field('y', 'string')] };
const TYPES: readonly DeltaType[] = [
  'integer',
  'string',
  'decimal(10,2)',
  arrayOf('integer'),
  STRUCT,
  arrayOf(STRUCT),
];
const WIDER: Readonly<Record<string, DeltaType>> = { integer: 'long', 'decimal(10,2)': 'decimal(14,4)' };
/** Few, so that names come back; some are equal but for their letters' case. */
const NAMES = ['a', 'b', 'c', 'A', 'größe'];
/** Columns of a table that stay: its key and what it is partitioned by, which may be renamed only. */
const KEPT = 2;

const name = fc.constantFrom(...NAMES);
const at = fc.nat(9);
export const storySteps: fc.Arbitrary<StoryStep[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('insert' as const),
        rows: fc.integer({ min: 1, max: 6 }),
        by: fc.constantFrom('engine' as const, 'writer' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('add' as const), name, type: fc.nat(TYPES.length - 1) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('widen' as const, 'drop' as const), at }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('rename' as const), at, name }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('swap' as const), at, with: at }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('rewrite' as const, 'checkpoint' as const) }),
    },
  ),
  { minLength: 4, maxLength: 14 },
);

type Row = ReadonlyMap<number, NestedValue>;

/** A table that goes through a story, and beside it what its rows have to be: values by column, whatever its name. */
export class ColumnStory {
  readonly #table: OpenTable;
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #around: DeltaSurroundings;
  /** The columns of the model, in the order of the table. */
  #columns: { key: number; name: string }[] = [
    { key: 0, name: 'id' },
    { key: 1, name: 'p' },
  ];
  readonly #rows: Row[] = [];
  #keys = 2;

  private constructor(table: OpenTable, engine: Engine, cache: FileCache, around: DeltaSurroundings) {
    this.#table = table;
    this.#engine = engine;
    this.#cache = cache;
    this.#around = around;
  }

  static async begin(
    root: string,
    around: DeltaSurroundings,
    tools: { readonly engine: Engine; readonly cache: FileCache },
    options: { readonly isPartitioned: boolean; readonly mode: 'none' | 'name' | 'id' },
  ): Promise<ColumnStory> {
    const schema: DeltaStruct = { type: 'struct', fields: [field('id', 'long'), field('p', 'string')] };
    const configuration: Record<string, string> =
      options.mode === 'none' ? {} : { 'delta.columnMapping.mode': options.mode };
    const partitionColumns = options.isPartitioned ? ['p'] : [];
    const table = await DeltaTable.create(root, { schema, partitionColumns, configuration }, around);
    return new ColumnStory(new OpenTable(table, around), tools.engine, tools.cache, around);
  }

  get state(): DeltaTable['state'] {
    return this.#table.delta.state;
  }

  async apply(step: StoryStep): Promise<void> {
    switch (step.kind) {
      case 'insert':
        return this.#insert(step.rows, step.by);
      case 'add':
        return this.#add(step.name, TYPES[step.type] as DeltaType);
      case 'widen':
        return this.#widen(step.at);
      case 'rename':
        return this.#rename(step.at, step.name);
      case 'swap':
        return this.#swap(step.at, step.with);
      case 'drop':
        return this.#drop(step.at);
      case 'rewrite':
        return this.#rewrite(this.state.metadata, []);
      case 'checkpoint':
        return this.#table.delta.checkpoint();
      default:
        return step satisfies never;
    }
  }

  /** What every reader should see. */
  get expected(): string[] {
    return this.#rows
      .map((row) => canonicalRow(this.#columns.map(({ key, name }) => [name, row.get(key)])))
      .sort();
  }

  /** What the engine's relation has. */
  async seen(): Promise<string[]> {
    const files = [...this.state.files.values()];
    const rows = await this.#engine.exclusively('reading a story', async (session) =>
      session.rows(`SELECT * EXCLUDE (__file, __row) FROM ${await this.#relation(files)}`),
    );
    return rows.map((row) => canonicalRow(Object.entries(row))).sort();
  }

  async #relation(files: readonly AddFile[], fields = this.state.schema.fields): Promise<string> {
    const groups = await new LocalFiles(this.#table, this.#cache).groups(files);
    return readFiles(fields, this.#partitions(this.#table.partitionColumns), groups);
  }

  #partitions(columns: readonly string[]): { name: string }[] {
    return columns.map((column) => ({ name: column }));
  }

  async #insert(count: number, by: 'engine' | 'writer'): Promise<void> {
    const { fields } = this.state.schema;
    const fresh = Array.from({ length: count }, (_, n): Row => {
      const id = this.#rows.length + n;
      return new Map(
        this.#columns.map(({ key }, i) => [
          key,
          i === 0 ? id : valueOf(fields[i]?.type as DeltaType, id, key),
        ]),
      );
    });
    const adds = by === 'engine' ? await this.#writeByEngine(fresh) : await this.#writeByWriter(fresh);
    await this.#table.delta.commit({ actions: adds.map((add): Action => ({ add })), operation: 'WRITE' });
    this.#rows.push(...fresh);
  }

  async #writeByEngine(rows: readonly Row[]): Promise<AddFile[]> {
    const { fields } = this.state.schema;
    const selects = rows.map((row) => {
      const values = fields.map(({ name, type }, i) => {
        const value = row.get(this.#columns[i]?.key ?? -1);
        return `CAST(${literal(value)} AS ${engineType(type)}) AS ${identifier(name)}`;
      });
      return `SELECT ${values.join(', ')}`;
    });
    return this.#engine.exclusively('writing a story', async (session) => {
      await session.run(`CREATE OR REPLACE TEMP TABLE fresh AS ${selects.join(' UNION ALL ')}`);
      return this.#write('fresh', this.state.columns, fields, this.#table.partitionColumns, session);
    });
  }

  async #write(
    relation: string,
    columns: ColumnMapping,
    fields: readonly DeltaField[],
    partitionColumns: readonly string[],
    session: Parameters<typeof writePartitioned>[0],
  ): Promise<AddFile[]> {
    const partitions = this.#partitions(partitionColumns);
    const texts = partitions.map((part, i) => `CAST(${identifier(part.name)} AS VARCHAR) AS __p${i}`);
    await session.run(
      `CREATE OR REPLACE TEMP VIEW parted AS SELECT *${texts.map((one) => `, ${one}`).join('')} FROM ${relation}`,
    );
    const stored = fields.map((own) => own.name).filter((own) => !partitionColumns.includes(own));
    const order = { stored, partitions, orderBy: [fields[0]?.name ?? ''], columns, codec: this.#table.codec };
    const files = await writePartitioned(session, 'parted', 'story', order);
    return uploadEngineFiles(this.#table, this.#cache, files, fields, partitions, columns);
  }

  /** Files as the sink's row files are made: value by value, no engine. */
  async #writeByWriter(rows: readonly Row[]): Promise<AddFile[]> {
    const { columns, schema, metadata } = this.state;
    const outside = new Set(metadata.partitionColumns);
    const inside = schema.fields.filter((own) => !outside.has(own.name));
    const stored = columns.storedFields(inside);
    const byPartition = Map.groupBy(rows, (row) => JSON.stringify(outside.size === 0 ? null : row.get(1)));
    const adds: AddFile[] = [];
    for (const [partition, own] of byPartition) {
      const nodes = parquetNodes(stored);
      const file = new ParquetFile({ nodes, codec: 'zstd', compress: compressZstd, createdBy: 'story' });
      for (const row of own) {
        const named = Object.fromEntries(this.#columns.map(({ key, name }) => [name, row.get(key)]));
        shredRow(nodes, file.columns, storedRow(named, inside, stored));
      }
      const stats = statisticsJson(stored, { numRecords: own.length, columns: new Map() });
      const values = Object.fromEntries([...outside].map((one) => [one, JSON.parse(partition) as string]));
      const bytes = file.finish(own.length);
      const { add } = await this.#table.upload({
        bytes,
        stats,
        partitionValues: columns.storedValues(values),
      });
      adds.push(add);
    }
    return adds;
  }

  async #add(wanted: string, type: DeltaType): Promise<void> {
    const { schema, metadata } = this.state;
    if (schema.fields.some((own) => same(own.name, wanted))) return;
    const evolved = evolveSchema(schema, { type: 'struct', fields: [...schema.fields, field(wanted, type)] });
    await this.#change(
      withColumnIds(
        { ...metadata, schemaString: schemaString(evolved?.schema as DeltaStruct) },
        this.#around.newId,
      ),
    );
    this.#columns.push({ key: this.#keys, name: wanted });
    this.#keys += 1;
  }

  async #rename(chosen: number, to: string): Promise<void> {
    const { fields } = this.state.schema;
    const index = chosen % fields.length;
    const own = fields[index] as DeltaField;
    if (fields.some((other) => other !== own && same(other.name, to))) return;
    await this.#change(renameColumn(mapColumns(this.state.metadata), [own.name], to));
    (this.#columns[index] as { name: string }).name = to;
    await this.#renameNested(to);
  }

  /** Fields of structs go with it: `x` is called `x2` and the other way round. */
  async #renameNested(column: string): Promise<void> {
    const type = this.state.schema.fields.find((own) => own.name === column)?.type;
    if (typeof type !== 'object') return;
    const isArray = type.type === 'array';
    const struct = isArray ? type.elementType : type;
    if (typeof struct !== 'object' || struct.type !== 'struct') return;
    const inner = struct.fields[0]?.name ?? '';
    const path = [column, ...(isArray ? ['element'] : []), inner];
    await this.#change(renameColumn(this.state.metadata, path, inner === 'x' ? 'x2' : 'x'));
    const { key } = this.#columns.find((own) => own.name === column) as { key: number };
    for (const [n, row] of this.#rows.entries())
      this.#rows[n] = new Map([...row, [key, renamedInner(row.get(key))]]);
  }

  async #swap(left: number, right: number): Promise<void> {
    const count = this.#columns.length;
    const a = this.#columns[left % count] as { name: string };
    const b = this.#columns[right % count] as { name: string };
    if (a === b) return;
    let next = mapColumns(this.state.metadata);
    next = renameColumn(next, [a.name], 'between');
    next = renameColumn(next, [b.name], a.name);
    await this.#change(renameColumn(next, ['between'], b.name));
    [a.name, b.name] = [b.name, a.name];
  }

  async #drop(chosen: number): Promise<void> {
    const { fields } = this.state.schema;
    if (fields.length === KEPT) return;
    const index = KEPT + (chosen % (fields.length - KEPT));
    await this.#change(dropColumn(mapColumns(this.state.metadata), [fields[index]?.name ?? '']));
    this.#columns.splice(index, 1);
  }

  async #widen(chosen: number): Promise<void> {
    const { schema, metadata } = this.state;
    const own = schema.fields[chosen % schema.fields.length] as DeltaField;
    const wider =
      typeof own.type === 'string'
        ? WIDER[own.type]
        : own.type.type === 'array' && own.type.elementType === 'integer'
          ? arrayOf('long')
          : undefined;
    if (wider === undefined) return;
    const fields = schema.fields.map((one) => (one === own ? { ...own, type: wider } : one));
    await this.#rewrite({ ...metadata, schemaString: schemaString({ type: 'struct', fields }) }, []);
  }

  /** Puts all rows into new files, with the metadata that is to hold from then on. */
  async #rewrite(metaData: Metadata, protocol: readonly Action[]): Promise<void> {
    const files = [...this.state.files.values()];
    const { fields } = parseSchema(metaData.schemaString);
    const columns = ColumnMapping.of(parseSchema(metaData.schemaString), metaData.configuration);
    const adds =
      files.length === 0
        ? []
        : await this.#engine.exclusively('rewriting a story', async (session) =>
            this.#write(
              await this.#relation(files, fields),
              columns,
              fields,
              metaData.partitionColumns,
              session,
            ),
          );
    const actions: Action[] = [
      ...protocol,
      ...(metaData === this.state.metadata ? [] : [{ metaData }]),
      ...files.map((file) => removalOf(file, 1, false)),
      ...adds.map((add): Action => ({ add: { ...add, dataChange: false } })),
    ];
    await this.#table.delta.commit({ actions, operation: 'OPTIMIZE' });
  }

  async #change(metaData: Metadata): Promise<void> {
    const { protocol } = this.state;
    const upgraded = upgradedProtocol(protocol, parseSchema(metaData.schemaString), metaData.configuration);
    const actions = [{ metaData }, ...(upgraded === null ? [] : [{ protocol: upgraded }])];
    await this.#table.delta.commit({ actions, operation: 'CHANGE COLUMNS' });
  }
}

function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function valueOf(type: DeltaType, id: number, key: number): NestedValue {
  const n = (id * 31 + key * 7) % 1000;
  if (n % 5 === 0) return null;
  if (key === 1) return n % 2 === 0 ? 'even' : 'odd';
  if (typeof type !== 'string') {
    if (type.type === 'array')
      return [1, 2].slice(n % 3).map((more) => valueOf(type.elementType, id + more, key));
    const [inner] = (type as DeltaStruct).fields;
    return { [inner?.name ?? '']: n, y: `s${n}` };
  }
  return type === 'string' ? `t${n}` : n;
}

/** The row as the file's nodes name its parts; unscaled decimals, as the writer takes them. */
function storedRow(
  row: { readonly [name: string]: NestedValue },
  fields: readonly DeltaField[],
  stored: readonly DeltaField[],
): { readonly [name: string]: NestedValue } {
  return Object.fromEntries(
    fields.map(({ name, type }, i) => {
      const own = stored[i] as DeltaField;
      return [own.name, storedValue(row[name], type, own.type)];
    }),
  );
}

function storedValue(value: NestedValue, type: DeltaType, stored: DeltaType): NestedValue {
  if (value === null || value === undefined) return null;
  if (typeof type === 'string') {
    const scale = /^decimal\(\d+,(\d+)\)$/.exec(type)?.[1];
    return scale === undefined ? value : (value as number) * 10 ** Number(scale);
  }
  if (type.type === 'array' && typeof stored === 'object' && stored.type === 'array')
    return (value as readonly NestedValue[]).map((one) =>
      storedValue(one, type.elementType, stored.elementType),
    );
  if (type.type !== 'struct' || typeof stored !== 'object' || stored.type !== 'struct') return value;
  return storedRow(value as { readonly [name: string]: NestedValue }, type.fields, stored.fields);
}

function renamedInner(value: NestedValue): NestedValue {
  if (Array.isArray(value)) return (value as NestedValue[]).map(renamedInner);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as { readonly [name: string]: NestedValue });
  return Object.fromEntries(
    entries.map(([name, inner]) => [name === 'x' ? 'x2' : name === 'x2' ? 'x' : name, inner]),
  );
}

function literal(value: NestedValue): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${(value as NestedValue[]).map(literal).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  const parts = Object.entries(value as { readonly [name: string]: NestedValue });
  return `{${parts.map(([name, inner]) => `${identifier(name)}: ${literal(inner)}`).join(', ')}}`;
}

/** One text per row, whoever read it: numbers are compared as numbers, since readers print decimals in their own ways. */
export function canonicalRow(entries: Iterable<readonly [string, unknown]>): string {
  return JSON.stringify([...entries].map(([name, value]) => [name, canonical(value)]));
}

function canonical(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, canonical(inner)]));
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  return value;
}
