import type { CatalogSession } from './catalog-session.ts';
import { quoteIdentifier, quoteLiteral, quoteTable } from './sql-quote.ts';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** One table as a publication presents it. */
export interface PublishedTable extends TableName {
  /** Columns that are published, or null where the server does not say (before 15): all of them. */
  readonly columns: readonly string[] | null;
  /** Condition on the rows, as SQL, or null for all. */
  readonly rowFilter: string | null;
}

export interface Publication {
  readonly name: string;
  /** True when this platform made it, so that it may also extend it. */
  readonly managed: boolean;
  /** Operations that it leaves out, of insert, update, delete and truncate. */
  readonly missingOperations: readonly string[];
  readonly tables: readonly PublishedTable[];
}

const MANAGED = 'managed by hasivu cdc-source';

interface PublicationRow {
  readonly comment: string | null;
  readonly pubinsert: boolean;
  readonly pubupdate: boolean;
  readonly pubdelete: boolean;
  readonly pubtruncate: boolean;
}

interface PublishedRow {
  readonly schemaname: string;
  readonly tablename: string;
  readonly attnames: string[] | null;
  readonly rowfilter: string | null;
}

export async function publicationState(
  session: CatalogSession,
  name: string,
  serverVersion: number,
): Promise<Publication | null> {
  const doing = `looking up the publication "${name}"`;
  const [row] = await session.query<PublicationRow>(
    doing,
    `SELECT obj_description(oid, 'pg_publication') AS comment, pubinsert, pubupdate, pubdelete, pubtruncate
       FROM pg_publication WHERE pubname = $1`,
    [name],
  );
  if (!row) return null;
  const details =
    serverVersion >= 150000
      ? 'attnames::text[] AS attnames, rowfilter'
      : 'NULL::text[] AS attnames, NULL::text AS rowfilter';
  const tables = await session.query<PublishedRow>(
    doing,
    `SELECT schemaname::text, tablename::text, ${details} FROM pg_publication_tables WHERE pubname = $1`,
    [name],
  );
  const operations = {
    insert: row.pubinsert,
    update: row.pubupdate,
    delete: row.pubdelete,
    truncate: row.pubtruncate,
  };
  return {
    name,
    managed: row.comment === MANAGED,
    missingOperations: Object.entries(operations).flatMap(([operation, on]) => (on ? [] : [operation])),
    tables: tables.map((t) => ({
      schema: t.schemaname,
      table: t.tablename,
      columns: t.attnames,
      rowFilter: t.rowfilter,
    })),
  };
}

/** Creates a publication of exactly these tables; a partitioned table is published as one. */
export async function createPublication(
  session: CatalogSession,
  name: string,
  tables: readonly TableName[],
): Promise<void> {
  const list = tables.map(quoteTable).join(', ');
  await session.query(
    `creating the publication "${name}"`,
    `CREATE PUBLICATION ${quoteIdentifier(name)} FOR TABLE ${list} WITH (publish_via_partition_root = true)`,
  );
  await session.query(
    `marking the publication "${name}"`,
    `COMMENT ON PUBLICATION ${quoteIdentifier(name)} IS ${quoteLiteral(MANAGED)}`,
  );
}

/** The statement that adds tables; also what an operator is told to run on a publication that is not ours. */
export function addTablesSql(name: string, tables: readonly TableName[]): string {
  return `ALTER PUBLICATION ${quoteIdentifier(name)} ADD TABLE ${tables.map(quoteTable).join(', ')}`;
}

export async function addPublishedTables(
  session: CatalogSession,
  name: string,
  tables: readonly TableName[],
): Promise<void> {
  await session.query(`adding tables to the publication "${name}"`, addTablesSql(name, tables));
}
