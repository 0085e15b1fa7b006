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
  /** What `noteConditions` was given last. */
  readonly conditions: string;
  /** Operations that it leaves out, of insert, update, delete and truncate. */
  readonly missingOperations: readonly string[];
  readonly tables: readonly PublishedTable[];
}

/** A table as it is to be published. */
export interface PublicationEntry extends TableName {
  /** Only these columns (PostgreSQL 15), or null for all that there are and will be. */
  readonly columns: readonly string[] | null;
  /** Condition on the rows, as SQL (PostgreSQL 15), or null for all. */
  readonly where: string | null;
}

const COLUMNS_TOLD_SINCE = 150000;
const GENERATED_PUBLISHED_SINCE = 180000;
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
  const tables = await session.query<PublishedRow>(
    doing,
    `SELECT schemaname::text, tablename::text, ${publishedDetails(serverVersion)}
       FROM pg_publication_tables AS published WHERE pubname = $1`,
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
    managed: row.comment?.startsWith(MANAGED) ?? false,
    conditions: row.comment?.split('; rows ')[1] ?? '',
    missingOperations: Object.entries(operations).flatMap(([operation, on]) => (on ? [] : [operation])),
    tables: tables.map((t) => ({
      schema: t.schemaname,
      table: t.tablename,
      columns: t.attnames,
      rowFilter: t.rowfilter,
    })),
  };
}

/** Columns and condition of a published table, as the stream will have them. */
function publishedDetails(serverVersion: number): string {
  if (serverVersion < COLUMNS_TOLD_SINCE) return 'NULL::text[] AS attnames, NULL::text AS rowfilter';
  if (serverVersion >= GENERATED_PUBLISHED_SINCE) return 'attnames::text[] AS attnames, rowfilter';
  // Version 15 names generated columns too, and no version before 18 sends them.
  return `rowfilter,
    (SELECT array_agg(a.attname::text ORDER BY a.attnum)
       FROM pg_attribute a
       JOIN pg_class c ON c.oid = a.attrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = published.schemaname AND c.relname = published.tablename
        AND a.attname = ANY (published.attnames) AND a.attgenerated = '') AS attnames`;
}

/** Creates a publication of exactly these tables; a partitioned table is published as one. */
export async function createPublication(
  session: CatalogSession,
  name: string,
  tables: readonly PublicationEntry[],
): Promise<void> {
  const list = tables.map(entrySql).join(', ');
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
export function addTablesSql(name: string, tables: readonly PublicationEntry[]): string {
  return `ALTER PUBLICATION ${quoteIdentifier(name)} ADD TABLE ${tables.map(entrySql).join(', ')}`;
}

function entrySql(entry: PublicationEntry): string {
  const columns = entry.columns === null ? '' : ` (${entry.columns.map(quoteIdentifier).join(', ')})`;
  return `${quoteTable(entry)}${columns}${entry.where === null ? '' : ` WHERE (${entry.where})`}`;
}

export async function addPublishedTables(
  session: CatalogSession,
  name: string,
  tables: readonly PublicationEntry[],
): Promise<void> {
  await session.query(`adding tables to the publication "${name}"`, addTablesSql(name, tables));
}

/** Publishes tables with other columns or another condition, in one step for every transaction that is decoded. */
export async function republishTables(
  session: CatalogSession,
  name: string,
  tables: readonly PublicationEntry[],
): Promise<void> {
  const doing = `changing what the publication "${name}" has of tables`;
  const drop = `ALTER PUBLICATION ${quoteIdentifier(name)} DROP TABLE ${tables.map(quoteTable).join(', ')}`;
  await session.query(doing, drop);
  await session.query(doing, addTablesSql(name, tables));
}

/** Notes on a publication of ours which conditions it was given: the server prints them in a form of its own. */
export async function noteConditions(
  session: CatalogSession,
  name: string,
  conditions: string,
): Promise<void> {
  const note = conditions === '' ? MANAGED : `${MANAGED}; rows ${conditions}`;
  await session.query(
    `marking the publication "${name}"`,
    `COMMENT ON PUBLICATION ${quoteIdentifier(name)} IS ${quoteLiteral(note)}`,
  );
}

/**
 * Columns that the condition of a published table reads and its replica identity lacks: with one of those, every UPDATE
 * and DELETE of the table fails.
 */
export async function filterBeyondIdentity(
  session: CatalogSession,
  name: string,
  table: TableName,
): Promise<string[]> {
  const rows = await session.query<{ column: string }>(
    `checking the condition on ${table.schema}.${table.table}`,
    `SELECT DISTINCT a.attname::text AS column
       FROM pg_publication p
       JOIN pg_publication_rel r ON r.prpubid = p.oid
       JOIN pg_class c ON c.oid = r.prrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL regexp_matches(r.prqual::text, ':varattno (\\d+)', 'g') AS used(attnum)
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = used.attnum[1]::int2
      WHERE p.pubname = $1 AND n.nspname = $2 AND c.relname = $3 AND c.relreplident <> 'f'
        AND NOT EXISTS (
          SELECT FROM pg_index i
           WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])
             AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)`,
    [name, table.schema, table.table],
  );
  return rows.map((row) => row.column);
}
