import { sameColumnType, type ColumnSchema, type TableSchema } from '@hasivu/change-events';
import {
  describePgType,
  mapColumnType,
  type DeclaredColumn,
  type RelationColumn,
  type ReplicaIdentity,
  type TypeLookup,
} from '@hasivu/pgoutput';

/** What the catalog adds to a relation message: it has no array dimensions and no key order. */
export interface CatalogHints {
  /** Declared dimensions by column name. */
  readonly dimensions: ReadonlyMap<string, number>;
  readonly primaryKey: readonly string[];
  readonly identityIndex: readonly string[];
  /** `ColumnSchema.origin` by column name, of the columns for which it is known. */
  readonly origins: ReadonlyMap<string, string>;
  /** What rows of before a column have in it, as Postgres prints it, by column name. */
  readonly initials: ReadonlyMap<string, string>;
  /** Names of columns that have a default today. */
  readonly defaulted: ReadonlySet<string>;
}

export interface ShapeSource {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly identity: ReplicaIdentity;
  readonly columns: readonly Omit<RelationColumn, 'inIdentity'>[];
}

/** A table's shape with the types its columns were declared with, in the same order: what reads binary values. */
export interface DeclaredShape extends TableSchema {
  readonly declared: readonly DeclaredColumn[];
  /** What rows have that were there before the column, as Postgres prints it; null where they have nothing or it is not known. */
  readonly initials: readonly (string | null)[];
  /** Names of the columns that have a default today. */
  readonly defaulted: ReadonlySet<string>;
}

/** The table's shape at one place of the log: names, types and order from there, the rest from the catalog of today. */
export function shapeTable(source: ShapeSource, hints: CatalogHints, lookup: TypeLookup): DeclaredShape {
  const declared = source.columns.map(({ name, typeOid, typmod }): DeclaredColumn => {
    return { typeOid, typmod, dimensions: hints.dimensions.get(name) ?? 0 };
  });
  const columns = source.columns.map(({ name }, i): ColumnSchema => {
    const column = declared[i] as DeclaredColumn;
    const origin = hints.origins.get(name);
    const type = mapColumnType(column, lookup);
    const pgType = describePgType(column, lookup);
    return { name, type, pgType, ...(origin === undefined ? {} : { origin }) };
  });
  return {
    database: source.database,
    schema: source.schema,
    table: source.table,
    columns,
    declared,
    initials: columns.map(({ name }) => hints.initials.get(name) ?? null),
    defaulted: hints.defaulted,
    key: keyOf(source, hints),
  };
}

/** Key of a table from the catalog: the columns that every change of it names. */
function keyOf(source: ShapeSource, hints: CatalogHints): readonly string[] {
  const key = source.identity === 'index' ? hints.identityIndex : hints.primaryKey;
  const names = new Set(source.columns.map((column) => column.name));
  return key.every((name) => names.has(name)) ? key : [];
}

/** True when binary values of both are read the same way: a type made anew under its old name is another. */
export function sameDeclared(a: readonly DeclaredColumn[], b: readonly DeclaredColumn[]): boolean {
  return a.length === b.length && a.every((column, i) => column.typeOid === b[i]?.typeOid);
}

export function sameShape(a: TableSchema, b: TableSchema): boolean {
  return (
    looksSame(a, b) && a.columns.every((column, i) => column.origin === (b.columns[i] as ColumnSchema).origin)
  );
}

/** False where more is known of what rows of before have. */
export function sameInitials(a: DeclaredShape, b: DeclaredShape): boolean {
  return a.initials.length === b.initials.length && a.initials.every((text, i) => text === b.initials[i]);
}

/** The same, but for what is known of where the columns come from: no row shows that. */
export function looksSame(a: TableSchema, b: TableSchema): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.key.length === b.key.length &&
    a.key.every((name, i) => name === b.key[i]) &&
    a.columns.every((column, i) => {
      const other = b.columns[i] as ColumnSchema;
      return (
        column.name === other.name &&
        column.pgType === other.pgType &&
        sameColumnType(column.type, other.type)
      );
    })
  );
}
