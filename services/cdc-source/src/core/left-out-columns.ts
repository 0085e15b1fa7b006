import type { ColumnSchema } from '@hasivu/change-events';
import type { CatalogTable } from '@hasivu/postgres';

import { isLater, originOf } from './column-origins.ts';

/**
 * Columns that events went without while the table had them: by the rules, or by a column list of the publication. What
 * was written to them then nobody tells, so of what rows of before have in them nothing can be said: the value that they
 * were added with would be written over what came since. It holds for good, and beyond this process in the schemas that
 * the registry has.
 */
export class LeftOutColumns {
  /** Origins by table. */
  readonly #tables = new Map<string, Set<string>>();
  /** Origins of columns that events had without a value for rows of before. */
  readonly #bare = new Set<string>();

  add(table: string, origins: Iterable<string | undefined>): void {
    const known = this.#tables.get(table) ?? new Set();
    this.#tables.set(table, known);
    for (const origin of origins) if (origin !== undefined) known.add(origin);
  }

  /** Events of before had these columns. @param leftOut origins of those that they went without */
  registered(table: string, columns: readonly ColumnSchema[], leftOut: readonly string[]): void {
    this.add(table, leftOut);
    for (const { origin, initial } of columns)
      if (origin !== undefined && initial === undefined) this.#bare.add(origin);
  }

  /** Whether nothing can be said of what rows of before have in it. */
  has(table: string, { origin }: ColumnSchema): boolean {
    return origin !== undefined && (this.#bare.has(origin) || this.#tables.get(table)?.has(origin) === true);
  }

  /** Origins of those that are not among the columns that events have. */
  beside(table: string, columns: readonly ColumnSchema[]): readonly string[] {
    const shown = new Set(columns.map(({ origin }) => origin));
    return [...(this.#tables.get(table) ?? [])].filter((origin) => !shown.has(origin)).sort();
  }
}

/** Origins of a table's columns with these names. */
export function originsAmong({ oid, columns }: CatalogTable, names: readonly string[]): readonly string[] {
  const named = columns.filter(({ name }) => names.includes(name));
  return named.map(({ number }) => originOf(oid, number));
}

/** Origins of columns that a relation of the log goes without: none of those that were added or renamed after it. */
export function originsBesideRelation(
  { oid, columns }: CatalogTable,
  names: ReadonlySet<string>,
  xid: number,
): readonly string[] {
  // The transaction of the change may have added the column itself, after the change.
  const others = columns.filter(
    ({ name, generated, changedBy }) => !generated && !names.has(name) && isLater(xid, changedBy),
  );
  return others.map(({ number }) => originOf(oid, number));
}
