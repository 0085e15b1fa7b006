import { PlatformError } from '@hasivu/errors';
import {
  addPublishedTables,
  addTablesSql,
  createPublication,
  publicationState,
  type CatalogSession,
  type CatalogTable,
  type Publication,
  type PublishedTable,
} from '@hasivu/postgres';

import { tableId } from '../core/table-selection.ts';

export interface PublicationOptions {
  readonly name: string;
  readonly serverVersion: number;
  readonly tables: readonly CatalogTable[];
}

/**
 * Creates the publication, or checks that it covers every table; one that this service made is extended, a foreign one
 * is not touched. Returns each table as it is published.
 * @throws PlatformError SOURCE_PUBLICATION_INCOMPLETE with the statement to run, SOURCE_PERMISSION
 */
export async function ensurePublication(
  session: CatalogSession,
  options: PublicationOptions,
): Promise<ReadonlyMap<string, PublishedTable>> {
  const { name, tables, serverVersion } = options;
  const publication = await publicationState(session, name, serverVersion);
  if (!publication) {
    await createPublication(session, name, tables);
  } else {
    const missing = missingTables(publication, tables);
    if (missing.length > 0) {
      if (!publication.managed) {
        throw new PlatformError('SOURCE_PUBLICATION_INCOMPLETE', {
          doing: `checking the publication "${name}"`,
          why: `it lacks ${missing.map(tableId).join(', ')}; run: ${addTablesSql(name, missing)}`,
        });
      }
      await addPublishedTables(session, name, missing);
    }
    if (publication.missingOperations.length > 0) {
      throw new PlatformError('SOURCE_PUBLICATION_INCOMPLETE', {
        doing: `checking the publication "${name}"`,
        why: `it does not publish ${publication.missingOperations.join(', ')}; run: ALTER PUBLICATION "${name}" SET (publish = 'insert, update, delete, truncate')`,
      });
    }
  }
  const tablesNow = (await publicationState(session, name, serverVersion))?.tables ?? [];
  return new Map(tablesNow.map((table) => [tableId(table), table]));
}

function missingTables(publication: Publication, tables: readonly CatalogTable[]): CatalogTable[] {
  const published = new Set(publication.tables.map(tableId));
  return tables.filter((table) => !published.has(tableId(table)));
}
