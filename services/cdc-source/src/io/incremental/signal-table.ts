import { isPlatformError, PlatformError } from '@hasivu/errors';
import { quoteTable, tablesOfSchemas, type CatalogSession, type CatalogTable } from '@hasivu/postgres';

import { tableId } from '../../core/table-selection.ts';

/**
 * The signal table as the catalog has it, created where it is missing.
 * @throws PlatformError SOURCE_PERMISSION with the statement to run
 */
export async function ensureSignalTable(session: CatalogSession, name: string): Promise<CatalogTable> {
  const dot = name.indexOf('.');
  const table = { schema: name.slice(0, dot), table: name.slice(dot + 1) };
  const found = await lookUp(session, table.schema, name);
  if (found) return found;
  const create = `CREATE TABLE IF NOT EXISTS ${quoteTable(table)} (id varchar(128) PRIMARY KEY, type varchar(32) NOT NULL, data text)`;
  try {
    await session.query(`creating the signal table ${name}`, create);
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'SOURCE_PERMISSION') throw error;
    throw new PlatformError('SOURCE_PERMISSION', {
      doing: error.doing,
      why: `the role may not create it; run: ${create}`,
      cause: error,
    });
  }
  const created = await lookUp(session, table.schema, name);
  if (created) return created;
  throw new PlatformError('SOURCE_TABLE_MISSING', {
    doing: `creating the signal table ${name}`,
    why: 'what has that name is no table that can be replicated',
  });
}

async function lookUp(
  session: CatalogSession,
  schema: string,
  name: string,
): Promise<CatalogTable | undefined> {
  return (await tablesOfSchemas(session, [schema])).find((table) => tableId(table) === name);
}
