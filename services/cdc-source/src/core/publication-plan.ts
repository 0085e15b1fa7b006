import { PlatformError } from '@hasivu/errors';
import type { CatalogTable, Publication, PublicationEntry, PublishedTable } from '@hasivu/postgres';

import type { ColumnRules } from './column-rules.ts';
import { tableId } from './table-selection.ts';

/** A table as it is captured. */
export interface CapturedAs extends PublishedTable {
  /** Columns of it that the publication goes without, or went without when this start found it. */
  readonly leftOut?: readonly string[];
}

const COLUMN_LISTS_SINCE = 150000;

/**
 * How a table is published. Its columns are listed where that keeps some inside the database; not under REPLICA IDENTITY
 * FULL, where a list would make every UPDATE and DELETE fail.
 * @throws PlatformError SOURCE_TABLE_RULE for a condition that the server is too old for
 */
export function publicationEntry(
  table: CatalogTable,
  serverVersion: number,
  columns: ReadonlyMap<string, ColumnRules>,
  rows: Readonly<Record<string, string>>,
): PublicationEntry {
  const { schema, table: name } = table;
  const id = tableId(table);
  const where = rows[id] ?? null;
  if (where !== null && serverVersion < COLUMN_LISTS_SINCE) {
    throw new PlatformError('SOURCE_TABLE_RULE', {
      doing: `setting the condition on the rows of ${id}`,
      why: 'conditions need PostgreSQL 15',
      context: { table: id },
    });
  }
  const plain = { schema, table: name, columns: null, where };
  const rules = columns.get(id);
  if (!rules || serverVersion < COLUMN_LISTS_SINCE || table.identity === 'full') return plain;
  const own = table.columns.filter((column) => !column.generated).map((column) => column.name);
  const kept = own.filter((column) => rules.keeps(column, identityOf(table)));
  return kept.length === own.length ? plain : { ...plain, columns: kept };
}

/** Tables of a publication of ours that have other columns or another condition than their entry. */
export function republished(
  publication: Publication,
  entries: readonly PublicationEntry[],
  tables: readonly CatalogTable[],
  conditions: string,
): PublicationEntry[] {
  const published = new Map(publication.tables.map((table) => [tableId(table), table]));
  return entries.filter((entry, i) => {
    const now = published.get(tableId(entry));
    if (!now) return false;
    const hasCondition = now.rowFilter !== null;
    if (hasCondition !== (entry.where !== null)) return true;
    if (hasCondition && publication.conditions !== conditions) return true;
    const all = (tables[i]?.columns ?? []).filter((column) => !column.generated).map((column) => column.name);
    return now.columns !== null && !sameNames(now.columns, entry.columns, all);
  });
}

/** Columns of a table, as the catalog had it before, that are not published. */
export function unpublishedColumns(
  { columns: listed }: PublishedTable,
  table: CatalogTable,
): readonly string[] {
  if (listed === null) return [];
  return table.columns
    .filter(({ name, generated }) => !generated && !listed.includes(name))
    .map(({ name }) => name);
}

/** The table without the columns that this service leaves out itself. */
export function withoutColumns(
  published: PublishedTable,
  table: CatalogTable | undefined,
  columns: ReadonlyMap<string, ColumnRules>,
): PublishedTable {
  const rules = columns.get(tableId(published));
  if (!rules || !table) return published;
  const names = published.columns ?? table.columns.filter((one) => !one.generated).map((one) => one.name);
  return { ...published, columns: names.filter((name) => rules.keeps(name, identityOf(table))) };
}

function identityOf(table: CatalogTable): readonly string[] {
  return table.identity === 'index' ? table.identityIndex : table.primaryKey;
}

// Without a list the server names every column, generated ones too where it publishes those.
function sameNames(
  now: readonly string[],
  wanted: readonly string[] | null,
  all: readonly string[],
): boolean {
  if (wanted === null) return all.every((name) => now.includes(name));
  return now.length === wanted.length && wanted.every((name) => now.includes(name));
}
