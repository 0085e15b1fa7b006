import { tablesOfSchemas, type CatalogSession, type CatalogTable, type ServerFacts } from '@hasivu/postgres';

import { columnRules } from '../core/column-rules.ts';
import type { CapturedAs } from '../core/publication-plan.ts';
import { schemasOf, selectTables, tableId } from '../core/table-selection.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import { ensurePublication } from './publication-guard.ts';

/** The tables that the configuration names, as the catalog has them now. @throws PlatformError SOURCE_TABLE_MISSING, SOURCE_PERMISSION */
export async function tablesToCapture(
  { settings }: SourceDependencies,
  session: CatalogSession,
): Promise<readonly CatalogTable[]> {
  const { tables, exclude, signalTable } = settings.postgres;
  const selected = selectTables(tables, exclude, await tablesOfSchemas(session, schemasOf(tables)));
  // A pattern that happens to take the signal table in does not ask for events of it.
  return selected.filter((table) => tableId(table) !== signalTable || tables.includes(tableId(table)));
}

/** Covers the tables by the publication; what of each it publishes now. @throws PlatformError SOURCE_* */
export async function publishTables(
  { settings }: SourceDependencies,
  session: CatalogSession,
  server: ServerFacts,
  tables: readonly CatalogTable[],
): Promise<ReadonlyMap<string, CapturedAs>> {
  const { publication, columns, rows } = settings.postgres;
  return await ensurePublication(session, {
    name: publication,
    serverVersion: server.version,
    tables,
    columns: columnRules(columns),
    rows,
  });
}
