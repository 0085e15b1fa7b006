import { PlatformError } from '@hasivu/errors';
import type { TypeLookup } from '@hasivu/pgoutput';
import {
  publicationState,
  tableByOid,
  type CatalogColumn,
  type CatalogSession,
  type CatalogTable,
  type PublishedTable,
} from '@hasivu/postgres';

import { columnRules } from '../../core/column-rules.ts';
import { withoutColumns } from '../../core/publication-plan.ts';
import { shapeFingerprint } from '../../core/snapshot/pass-plan.ts';
import { tableStampSql } from '../../core/incremental/table-stamp-sql.ts';
import { tableId } from '../../core/table-selection.ts';
import type { SourceDependencies } from '../../source-dependencies.ts';
import { publishedColumns, type TableCompiler } from '../table-compiler.ts';

/** A table as a chunk of it is read. */
export interface ReadableTable {
  readonly catalog: CatalogTable;
  readonly published: PublishedTable;
  readonly columns: readonly CatalogColumn[];
  readonly key: readonly string[];
  readonly rowFilter: string | null;
  /** Fingerprint of columns, key and row filter. */
  readonly shape: string;
  /** False for a partitioned table, which holds its rows in others. */
  readonly only: boolean;
  readonly lookup: TypeLookup;
  /** Whether values are taken in binary. */
  readonly binary: boolean;
}

/** Looks tables up for a chunk, by the catalog session. */
export class TableDescriber {
  readonly #dependencies: SourceDependencies;
  readonly #session: CatalogSession;
  readonly #serverVersion: number;
  readonly #compiler: TableCompiler;

  constructor(
    dependencies: SourceDependencies,
    { session, server }: { readonly session: CatalogSession; readonly server: { readonly version: number } },
    compiler: TableCompiler,
  ) {
    this.#dependencies = dependencies;
    this.#session = session;
    this.#serverVersion = server.version;
    this.#compiler = compiler;
  }

  /** An expression that has another value once a description may not hold any more. */
  stampSql(oid: number): string {
    return tableStampSql(oid, this.#dependencies.settings.postgres.publication, this.#serverVersion);
  }

  /** @throws PlatformError SOURCE_TABLE_MISSING, SOURCE_SIGNAL_INVALID for a table that cannot be read in chunks */
  async describe(oid: number): Promise<ReadableTable> {
    const doing = 'describing the table of a chunk';
    const { postgres } = this.#dependencies.settings;
    const catalog = await tableByOid(this.#session, oid);
    if (!catalog) throw new PlatformError('SOURCE_TABLE_MISSING', { doing, why: 'the table is gone' });
    const name = tableId(catalog);
    const publication = await publicationState(this.#session, postgres.publication, this.#serverVersion);
    const entry = publication?.tables.find((table) => tableId(table) === name);
    if (!entry)
      throw new PlatformError('SOURCE_SIGNAL_INVALID', {
        doing,
        why: `${name} is not in the publication "${postgres.publication}": its changes are not streamed`,
      });
    const published = withoutColumns(entry, catalog, columnRules(postgres.columns));
    const declared = await this.#compiler.shapeOf(catalog, published);
    const { schema, transforms } = this.#compiler.ruled(declared);
    const columns = publishedColumns(catalog, published);
    const { lookup } = this.#compiler.types;
    this.#checkKey(
      schema.key,
      columns,
      (column) => (transforms[names(schema).indexOf(column)] ?? null) !== null,
    );
    return {
      catalog,
      published,
      columns,
      key: schema.key,
      rowFilter: published.rowFilter,
      shape: `${shapeFingerprint(schema, published.rowFilter)} ${typesOf(schema.key, columns)}`,
      only: !(await this.#isPartitioned(oid)),
      lookup,
      binary: postgres.binary !== 'off',
    };
  }

  #checkKey(
    key: readonly string[],
    columns: readonly CatalogColumn[],
    isTreated: (column: string) => boolean,
  ): void {
    const refuse = (why: string): never => {
      throw new PlatformError('SOURCE_SIGNAL_INVALID', { doing: 'checking the key of a table', why });
    };
    if (key.length === 0)
      refuse('the table has no key, so its rows cannot be told apart from those streamed');
    for (const column of columns.filter(({ name }) => key.includes(name))) {
      if (isTreated(column.name))
        refuse(
          `the key column "${column.name}" is hashed, and how far a snapshot is would be told by its values`,
        );
      if (!this.#isOrdered(column.typeOid))
        refuse(`the order of the key column "${column.name}" is that of an extension's type`);
    }
  }

  /** Operators are looked up in pg_catalog alone: another type of that name could be compared by a cast of it. */
  #isOrdered(typeOid: number): boolean {
    const type = this.#compiler.types.lookup(typeOid);
    if (!type) return false;
    if (type.baseOid !== 0) return this.#isOrdered(type.baseOid);
    if (type.elementOid !== 0) return this.#isOrdered(type.elementOid);
    return type.kind === 'e' || type.schema === 'pg_catalog';
  }

  async #isPartitioned(oid: number): Promise<boolean> {
    const row = await this.#session.one<{ partitioned: boolean }>(
      'describing the table of a chunk',
      "SELECT relkind = 'p' AS partitioned FROM pg_class WHERE oid = $1::text::oid",
      [String(oid)],
    );
    return row.partitioned;
  }
}

function names({ columns }: { readonly columns: readonly { readonly name: string }[] }): string[] {
  return columns.map(({ name }) => name);
}

function typesOf(key: readonly string[], columns: readonly CatalogColumn[]): string {
  return key.map((name) => columns.find((column) => column.name === name)?.typeOid ?? 0).join(',');
}
