import { keySchema, topicNames, valueSchema, type AvroObject } from '@hasivu/change-events';
import { isPlatformError, PlatformError } from '@hasivu/errors';
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
import { tableId } from '../core/table-selection.ts';
import {
  keyOfRelation,
  sameDeclared,
  sameShape,
  shapeTable,
  type CatalogHints,
  type DeclaredShape,
} from '../core/table-shape.ts';
import { SOURCE_VERSION } from '../source-settings.ts';

export interface CompilerOptions {
  readonly session: CatalogSession;
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;
  readonly prefix: string;
  readonly database: string;
}

/** Turns table shapes into {@link CapturedTable}s: resolves types, registers schemas, and keeps what did not change. */
export class TableCompiler {
  readonly types: TypeCatalog;
  /** Newest compiled version by `schema.table`. */
  readonly tables = new Map<string, CapturedTable>();
  readonly #declared = new Map<string, DeclaredShape['declared']>();
  readonly #options: CompilerOptions;
  readonly #topics: ReturnType<typeof topicNames>;

  constructor(options: CompilerOptions) {
    this.#options = options;
    this.#topics = topicNames(options.prefix);
    this.types = new TypeCatalog(options.session);
  }

  topicOf(table: { readonly schema: string; readonly table: string }): string {
    return this.#topics.change(table.schema, table.table);
  }

  /** Shape of a table as the catalog has it now, restricted to the published columns. */
  async shapeOf(table: CatalogTable, published: PublishedTable | undefined): Promise<DeclaredShape> {
    await this.types.load(table.columns.map((column) => column.typeOid));
    const columns = publishedColumns(table, published);
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

  /** Compiles a shape, registering its schemas; the same shape gives the compiled table it gave before. */
  async compile(schema: DeclaredShape, identity: ReplicaIdentity): Promise<CapturedTable> {
    const name = tableId(schema);
    const known = this.tables.get(name);
    const sameTypes = sameDeclared(this.#declared.get(name) ?? [], schema.declared);
    if (known?.identity === identity && sameTypes && sameShape(known.schema, schema)) return known;
    const topic = this.topicOf(schema);
    const { prefix, cluster } = this.#options;
    const key = keySchema(prefix, schema);
    const table = new CapturedTable({
      schema,
      identity,
      binary: schema.declared.map((column) => binaryColumnOf(column, this.types.lookup)),
      topic,
      partitions: await cluster.partitionsOf(topic),
      valueSchemaId: await this.#register(name, `${topic}-value`, valueSchema(prefix, schema)),
      keySchemaId: key === null ? null : await this.#register(name, `${topic}-key`, key),
      version: SOURCE_VERSION,
      sourceName: prefix,
    });
    if (known) carryCounts(known, table);
    this.tables.set(name, table);
    this.#declared.set(name, schema.declared);
    return table;
  }

  /** Compiles the relation of a stream: its message says what the columns are, the catalog only fills in the rest. */
  async adopt(relation: RelationMessage): Promise<CapturedTable> {
    await this.types.load(relation.columns.map((column) => column.typeOid));
    const current = await tableByOid(this.#options.session, relation.oid);
    const hints = current ? hintsOf(current) : NO_HINTS;
    const shape = shapeTable({ database: this.#options.database, ...relation }, hints, this.types.lookup);
    const key = keyOfRelation(relation.columns, relation.identity, hints);
    return await this.compile({ ...shape, key }, relation.identity);
  }

  async #register(table: string, subject: string, schema: AvroObject): Promise<number> {
    try {
      return await this.#options.registry.register(subject, schema, 'BACKWARD');
    } catch (error) {
      if (isPlatformError(error) && /INCOMPATIBLE/.test(error.code)) {
        throw new PlatformError('SOURCE_SCHEMA_INCOMPATIBLE', {
          doing: `registering the schema of ${table}`,
          context: { table, subject },
          cause: error,
        });
      }
      throw error;
    }
  }
}

const NO_HINTS: CatalogHints = { dimensions: new Map(), primaryKey: [], identityIndex: [] };

function hintsOf(table: CatalogTable): CatalogHints {
  return {
    dimensions: new Map(table.columns.map((column) => [column.name, column.dimensions])),
    primaryKey: table.primaryKey,
    identityIndex: table.identityIndex,
  };
}

/** The columns that the stream will carry; before version 15 that is every column that is not generated. */
export function publishedColumns(
  table: CatalogTable,
  published: PublishedTable | undefined,
): CatalogTable['columns'] {
  const names = published?.columns;
  return table.columns.filter((column) => (names ? names.includes(column.name) : !column.generated));
}

function carryCounts(from: CapturedTable, to: CapturedTable): void {
  to.counts.set(from.counts);
  to.inexactEvents = from.inexactEvents;
}
