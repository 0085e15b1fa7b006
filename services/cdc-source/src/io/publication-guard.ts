import { createHash } from 'node:crypto';

import { PlatformError } from '@hasivu/errors';
import {
  addPublishedTables,
  addTablesSql,
  createPublication,
  filterBeyondIdentity,
  noteConditions,
  publicationState,
  republishTables,
  type CatalogSession,
  type CatalogTable,
  type Publication,
  type PublicationEntry,
} from '@hasivu/postgres';

import type { ColumnRules } from '../core/column-rules.ts';
import {
  publicationEntry,
  republished,
  unpublishedColumns,
  withoutColumns,
  type CapturedAs,
} from '../core/publication-plan.ts';
import { tableId } from '../core/table-selection.ts';

export interface PublicationOptions {
  readonly name: string;
  readonly serverVersion: number;
  readonly tables: readonly CatalogTable[];
  readonly columns: ReadonlyMap<string, ColumnRules>;
  /** Conditions on rows, as SQL, by `schema.table`. */
  readonly rows: Readonly<Record<string, string>>;
}

/**
 * Creates the publication, or checks that it covers every table; one that this service made is extended and follows the
 * rules for columns and rows, a foreign one is not touched. Returns each table as it is to be captured: columns that only
 * this service leaves out are not among its columns.
 * @throws PlatformError SOURCE_PUBLICATION_INCOMPLETE with the statement to run, SOURCE_PERMISSION, SOURCE_TABLE_RULE
 */
export async function ensurePublication(
  session: CatalogSession,
  options: PublicationOptions,
): Promise<ReadonlyMap<string, CapturedAs>> {
  const { name, tables, serverVersion, columns, rows } = options;
  const publication = await publicationState(session, name, serverVersion);
  const entries = tables.map((table) => publicationEntry(table, serverVersion, columns, rows));
  if (publication) checkOperations(publication);
  if (!publication || publication.managed) await followRules(session, publication, entries, options);
  else checkForeign(publication, entries);
  const tablesNow = (await publicationState(session, name, serverVersion))?.tables ?? [];
  const byId = new Map(tables.map((table) => [tableId(table), table]));
  return new Map(
    tablesNow.map((published) => {
      const table = byId.get(tableId(published));
      const captured = withoutColumns(published, table, columns);
      const former = publication?.tables.find((one) => tableId(one) === tableId(published));
      const leftOut = table
        ? [former, captured].flatMap((one) => (one ? unpublishedColumns(one, table) : []))
        : [];
      return [tableId(published), { ...captured, leftOut }];
    }),
  );
}

async function followRules(
  session: CatalogSession,
  publication: Publication | null,
  entries: readonly PublicationEntry[],
  { name, tables, rows }: PublicationOptions,
): Promise<void> {
  const conditions = Object.keys(rows).length === 0 ? '' : digestOf(rows);
  const missing = publication ? missingTables(publication, entries) : [];
  const changed = publication ? republished(publication, entries, tables, conditions) : [];
  const noted = (publication?.conditions ?? '') === conditions;
  if (publication && missing.length === 0 && changed.length === 0 && noted) return;
  await session.transaction(`setting up the publication "${name}"`, async () => {
    if (!publication) await createPublication(session, name, entries);
    if (missing.length > 0) await addPublishedTables(session, name, missing);
    if (changed.length > 0) await republishTables(session, name, changed);
    if (!noted) await noteConditions(session, name, conditions);
    for (const entry of publication ? [...missing, ...changed] : entries) {
      if (entry.where !== null) await checkCondition(session, name, entry);
    }
  });
}

async function checkCondition(session: CatalogSession, name: string, entry: PublicationEntry): Promise<void> {
  const columns = await filterBeyondIdentity(session, name, entry);
  if (columns.length === 0) return;
  const table = tableId(entry);
  throw new PlatformError('SOURCE_TABLE_RULE', {
    doing: `setting the condition on the rows of ${table}`,
    why: `it reads ${columns.join(', ')}, which the replica identity lacks: every UPDATE and DELETE of the table would fail`,
    context: { table },
  });
}

function checkForeign(publication: Publication, entries: readonly PublicationEntry[]): void {
  const doing = `checking the publication "${publication.name}"`;
  const missing = missingTables(publication, entries);
  if (missing.length > 0) {
    throw new PlatformError('SOURCE_PUBLICATION_INCOMPLETE', {
      doing,
      why: `it lacks ${missing.map(tableId).join(', ')}; run: ${addTablesSql(publication.name, missing)}`,
    });
  }
  const published = new Map(publication.tables.map((table) => [tableId(table), table]));
  for (const entry of entries) {
    if (entry.where === null || published.get(tableId(entry))?.rowFilter) continue;
    throw new PlatformError('SOURCE_PUBLICATION_INCOMPLETE', {
      doing,
      why: `someone else made it, and it has no condition on the rows of ${tableId(entry)}; add the table with WHERE (${entry.where})`,
    });
  }
}

function checkOperations({ name, missingOperations }: Publication): void {
  if (missingOperations.length === 0) return;
  throw new PlatformError('SOURCE_PUBLICATION_INCOMPLETE', {
    doing: `checking the publication "${name}"`,
    why: `it does not publish ${missingOperations.join(', ')}; run: ALTER PUBLICATION "${name}" SET (publish = 'insert, update, delete, truncate')`,
  });
}

function missingTables(
  publication: Publication,
  entries: readonly PublicationEntry[],
): readonly PublicationEntry[] {
  const published = new Set(publication.tables.map(tableId));
  return entries.filter((entry) => !published.has(tableId(entry)));
}

function digestOf(rows: Readonly<Record<string, string>>): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(rows).sort()))
    .digest('hex')
    .slice(0, 16);
}
