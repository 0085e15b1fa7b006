import { topicNames, type TableSchema } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';
import { binaryColumnOf, type RelationMessage, type ReplicaIdentity } from '@hasivu/pgoutput';
import {
  tableByOid,
  TypeCatalog,
  type CatalogSession,
  type CatalogTable,
  type PublishedTable,
} from '@hasivu/postgres';

import { CapturedTable } from '../core/captured-table.ts';
import { catalogOrigins, ColumnOrigins, type NumberedColumn } from '../core/column-origins.ts';
import { InitialValues, withInitial } from '../core/initial-values.ts';
import { LeftOutColumns, originsAmong, originsBesideRelation } from '../core/left-out-columns.ts';
import { ruledShape, type ColumnRules, type RuledShape } from '../core/column-rules.ts';
import { valueLimit } from '../core/oversize.ts';
import type { CapturedAs } from '../core/publication-plan.ts';
import { inKeyOrder, keyOfRelation, type KnownKey, type KnownKeys } from '../core/relation-key.ts';
import { tableId } from '../core/table-selection.ts';
import {
  looksSame,
  sameDeclared,
  sameInitials,
  sameShape,
  shapeTable,
  type CatalogHints,
  type DeclaredShape,
  type ShapeSource,
} from '../core/table-shape.ts';
import { UntoldColumns } from '../core/untold-columns.ts';
import { SOURCE_VERSION } from '../source-settings.ts';
import { TableSchemas } from './table-schemas.ts';

export interface CompilerOptions {
  readonly session: CatalogSession;
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;
  readonly prefix: string;
  readonly database: string;
  readonly rules: ReadonlyMap<string, ColumnRules>;
  /** Told of new columns in which rows of before may have something that nobody can tell from the stream. */
  readonly onUntold: (table: string, columns: readonly string[]) => void;
}

/** Turns table shapes into {@link CapturedTable}s: resolves types, registers schemas, and keeps what did not change. */
export class TableCompiler {
  readonly types: TypeCatalog;
  readonly #origins = new ColumnOrigins();
  readonly #initials = new InitialValues();
  readonly #leftOut = new LeftOutColumns();
  readonly #untold = new UntoldColumns();
  /** Newest compiled version by `schema.table`. */
  readonly tables = new Map<string, CapturedTable>();
  /** Shapes before the rules for columns, of the newest compiled versions. */
  readonly #shapes = new Map<string, DeclaredShape>();
  /** Names of all columns that tables have today. */
  readonly #columns = new Map<string, readonly string[]>();
  readonly #options: CompilerOptions;
  readonly #topics: ReturnType<typeof topicNames>;
  readonly #schemas: TableSchemas;

  constructor(options: CompilerOptions) {
    this.#options = options;
    this.#topics = topicNames(options.prefix);
    this.#schemas = new TableSchemas(options.registry, options.prefix);
    this.types = new TypeCatalog(options.session);
  }

  topicOf(table: { readonly schema: string; readonly table: string }): string {
    return this.#topics.change(table.schema, table.table);
  }

  /** What a statement's message says of a table's columns; it holds up to the next one of the table. */
  tell(oid: number, columns: readonly NumberedColumn[]): void {
    this.#origins.tell(oid, columns);
    this.#initials.tell(oid, columns);
  }

  #see(table: CatalogTable): void {
    this.#origins.see(table);
    this.#initials.see(table);
  }

  /** Shape of a table as the catalog has it now, restricted to the published columns. */
  async shapeOf(table: CatalogTable, published: CapturedAs | undefined): Promise<DeclaredShape> {
    await this.types.load(table.columns.map((column) => column.typeOid));
    this.#columns.set(
      tableId(table),
      table.columns.map((column) => column.name),
    );
    const columns = publishedColumns(table, published);
    this.#see(table);
    this.#leftOut.add(tableId(table), originsAmong(table, published?.leftOut ?? []));
    return shapeTable(
      {
        database: this.#options.database,
        schema: table.schema,
        table: table.table,
        identity: table.identity,
        columns,
      },
      hintsOf(table),
      this.types.lookup,
    );
  }

  /** What events show of a shape. @throws PlatformError SOURCE_TABLE_RULE */
  ruled(shape: DeclaredShape): RuledShape {
    return ruledShape(this.#options.rules, shape, this.#columns.get(tableId(shape)) ?? []);
  }

  /** Compiles a shape, registering its schemas; the same shape gives the compiled table it gave before. */
  async compile(shape: DeclaredShape, identity: ReplicaIdentity): Promise<CapturedTable> {
    const name = tableId(shape);
    const known = this.tables.get(name);
    const before = this.#shapes.get(name);
    const sameTypes = before !== undefined && sameDeclared(before.declared, shape.declared);
    if (
      known?.identity === identity &&
      sameTypes &&
      sameShape(before, shape) &&
      sameInitials(before, shape) &&
      sameNames(this.#leftOut.beside(name, known.schema.columns), known.schema.leftOut ?? [])
    )
      return known;
    const { schema: ruled, transforms, slots } = this.ruled(shape);
    const declared = keptOf(shape.declared, slots);
    const topic = this.topicOf(ruled);
    const { prefix, cluster } = this.#options;
    await this.#recall(name, topic);
    const left = shape.columns.filter((_, i) => slots !== null && (slots[i] as number) < 0);
    this.#leftOut.add(
      name,
      left.map(({ origin }) => origin),
    );
    const initials = keptOf(shape.initials, slots);
    const columns = ruled.columns.map((column, i) =>
      this.#leftOut.has(name, column)
        ? column
        : withInitial(column, initials[i] ?? null, transforms[i] ?? null, this.#initials),
    );
    const schema = { ...ruled, columns, leftOut: this.#leftOut.beside(name, columns) };
    const table = new CapturedTable({
      schema,
      transforms,
      slots,
      identity,
      binary: declared.map((column) => binaryColumnOf(column, this.types.lookup)),
      topic,
      partitions: await cluster.partitionsOf(topic),
      maxValueBytes: valueLimit(cluster.recordLimitOf(topic)),
      ...(await this.#schemas.register(topic, schema)),
      version: SOURCE_VERSION,
      sourceName: prefix,
    });
    this.#initials.registered(columns);
    const untold = this.#untold.among(
      name,
      columns,
      (column) => shape.defaulted.has(column.name) || this.#leftOut.has(name, column),
    );
    if (untold.length > 0) this.#options.onUntold(name, untold);
    if (known) carryCounts(known, table);
    this.tables.set(name, table);
    this.#shapes.set(name, shape);
    return table;
  }

  /**
   * Compiles a shape that rows are read in beside the stream. Where events of it look as those of the newest version do,
   * that is taken, however the stream came by it: the stream may know columns that are left out here.
   */
  async compileRead(shape: DeclaredShape, identity: ReplicaIdentity): Promise<CapturedTable> {
    const name = tableId(shape);
    const known = this.tables.get(name);
    const before = this.#shapes.get(name);
    if (known && before && this.#looksLike(before, shape)) return known;
    return await this.compile(shape, identity);
  }

  #looksLike(a: DeclaredShape, b: DeclaredShape): boolean {
    const [one, other] = [this.ruled(a), this.ruled(b)];
    return (
      looksSame(one.schema, other.schema) &&
      sameDeclared(keptOf(a.declared, one.slots), keptOf(b.declared, other.slots))
    );
  }

  /** A table whose rows are looked at and never written: nothing is registered for it. */
  async unwritten(relation: RelationMessage): Promise<CapturedTable> {
    await this.types.load(relation.columns.map((column) => column.typeOid));
    const shape = shapeTable({ database: this.#options.database, ...relation }, NO_HINTS, this.types.lookup);
    return new CapturedTable({
      schema: shape,
      identity: relation.identity,
      binary: shape.declared.map((column) => binaryColumnOf(column, this.types.lookup)),
      topic: '',
      partitions: 1,
      valueSchemaId: 0,
      keySchemaId: null,
      version: SOURCE_VERSION,
      sourceName: this.#options.prefix,
    });
  }

  /**
   * Compiles the relation of a stream: its message says what the columns are, the catalog only fills in the rest.
   * @param xid of the transaction that has the change
   */
  async adopt(relation: RelationMessage, xid: number): Promise<CapturedTable> {
    await this.types.load(relation.columns.map((column) => column.typeOid));
    const current = await tableByOid(this.#options.session, relation.oid);
    const origins = this.#origins.of(relation, current, xid);
    if (current) this.#initials.see(current);
    const initials = this.#initials.of(relation, origins, current, xid);
    const hints = { ...(current ? hintsOf(current) : NO_HINTS), origins, initials };
    if (current)
      this.#columns.set(
        tableId(relation),
        current.columns.map((column) => column.name),
      );
    if (current) this.#noteLeftOut(relation, current, xid);
    const shape = shapeTable({ database: this.#options.database, ...relation }, hints, this.types.lookup);
    const topic = this.topicOf(relation);
    await this.#recall(tableId(relation), topic);
    const keys: KnownKeys = {
      today: keyToday(current, relation.identity),
      before: this.#schemas.keysBefore(topic),
    };
    const key = keyOfRelation(relation, origins, keys);
    if (key === null)
      throw new PlatformError('SOURCE_KEY_UNKNOWN', {
        doing: `reading the log of ${tableId(relation)}`,
        context: {
          table: tableId(relation),
          columns: relation.columns.map((column) => column.name).join(', '),
        },
      });
    const columns = this.#schemas.identified(topic, { ...shape, key }, current);
    const keyed = { ...shape, columns, key: inKeyOrder(key, columns, keys) };
    const table = await this.compile(keyed, relation.identity);
    table.oid = relation.oid;
    return table;
  }

  /**
   * Only a list makes a relation go without a column. Where there is none, a transaction that added the column may have
   * got its number before this one's and have been committed later.
   */
  #noteLeftOut(relation: RelationMessage, current: CatalogTable, xid: number): void {
    const name = tableId(relation);
    if (!this.#options.rules.has(name) && this.#leftOut.beside(name, []).length === 0) return;
    const shown = new Set(relation.columns.map((column) => column.name));
    this.#leftOut.add(name, originsBesideRelation(current, shown, xid));
  }

  /**
   * What events show of a table that a statement has just changed.
   * @param names all columns of the table
   * @throws PlatformError SOURCE_TABLE_RULE
   */
  async described(
    source: Omit<ShapeSource, 'database'>,
    hints: CatalogHints,
    names: readonly string[],
  ): Promise<TableSchema> {
    await this.types.load(source.columns.map((column) => column.typeOid));
    const shape = shapeTable({ database: this.#options.database, ...source }, hints, this.types.lookup);
    return ruledShape(this.#options.rules, shape, names).schema;
  }

  /** The schema that events of before had says what the catalog may have forgotten since. */
  async #recall(name: string, topic: string): Promise<void> {
    if (this.#untold.isKnown(name)) return;
    const layout = await this.#schemas.recall(topic);
    if (layout !== null) {
      this.#initials.registered(layout.columns);
      this.#leftOut.registered(name, layout.columns, layout.leftOut ?? []);
    }
    this.#untold.begin(name, layout?.columns ?? null);
  }
}

function keptOf<T>(columns: readonly T[], slots: Int32Array | null): readonly T[] {
  return slots === null ? columns : columns.filter((_, i) => (slots[i] as number) >= 0);
}

const NO_HINTS: CatalogHints = {
  dimensions: new Map(),
  primaryKey: [],
  identityIndex: [],
  origins: new Map(),
  initials: new Map(),
  defaulted: new Set(),
};

function hintsOf(table: CatalogTable): CatalogHints {
  return {
    dimensions: new Map(table.columns.map((column) => [column.name, column.dimensions])),
    primaryKey: table.primaryKey,
    identityIndex: table.identityIndex,
    origins: catalogOrigins(table),
    initials: new Map(
      table.columns.flatMap(({ name, initial }) => (initial === null ? [] : [[name, initial] as const])),
    ),
    defaulted: new Set(table.columns.flatMap(({ name, hasDefault }) => (hasDefault ? [name] : []))),
  };
}

function keyToday(table: CatalogTable | null, identity: ReplicaIdentity): KnownKey {
  if (table === null) return { names: [], origins: [] };
  const names = identity === 'index' ? table.identityIndex : table.primaryKey;
  const origins = catalogOrigins(table);
  return { names, origins: names.map((name) => origins.get(name)) };
}

/** The columns that the stream will carry; before version 15 that is every column that is not generated. */
export function publishedColumns(
  table: CatalogTable,
  published: PublishedTable | undefined,
): CatalogTable['columns'] {
  const names = published?.columns;
  return table.columns.filter((column) => (names ? names.includes(column.name) : !column.generated));
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function carryCounts(from: CapturedTable, to: CapturedTable): void {
  to.counts.set(from.counts);
  to.inexactEvents = from.inexactEvents;
  to.omittedValues = from.omittedValues;
}
