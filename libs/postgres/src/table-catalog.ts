import { replicaIdentityOf, type ReplicaIdentity } from '@hasivu/pgoutput';

import type { CatalogSession } from './catalog-session.ts';
import type { TableName } from './publication.ts';

export interface CatalogColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typmod: number;
  /** `attndims`. */
  readonly dimensions: number;
  readonly generated: boolean;
  /** `attnum`: stays when the column is renamed, and no other column of the table ever has it. */
  readonly number: number;
  /** `attmissingval`, printed: what rows have that were there before the column and were not written since. */
  readonly initial: string | null;
  /** New rows get something in it that they do not bring: a default, an identity. */
  readonly hasDefault: boolean;
  /** Transaction that last changed the column. */
  readonly changedBy: number;
}

export interface CatalogTable extends TableName {
  readonly oid: number;
  readonly identity: ReplicaIdentity;
  readonly maySelect: boolean;
  /** The planner's estimate, -1 when never analysed. */
  readonly estimatedRows: number;
  readonly columns: readonly CatalogColumn[];
  /** Primary key in key order; empty without one. */
  readonly primaryKey: readonly string[];
  /** Columns of the index that is the replica identity, in key order; empty without one. */
  readonly identityIndex: readonly string[];
  /** Transactions that last changed a column of the table, dropped ones included. */
  readonly columnChanges: readonly number[];
}

interface TableRow {
  readonly oid: string;
  readonly schema: string;
  readonly table: string;
  readonly identity: string;
  readonly may_select: boolean;
  readonly estimated_rows: number;
  readonly columns: {
    n: string;
    t: string;
    m: number;
    d: number;
    g: boolean;
    a: number;
    i: string | null;
    h: boolean;
    x: string;
  }[];
  readonly primary_key: string[] | null;
  readonly identity_index: string[] | null;
  readonly column_changes: string[] | null;
}

const indexColumns = (flag: string): string => `(
  SELECT array_agg(a.attname::text ORDER BY k.ord)
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
   WHERE i.indrelid = c.oid AND i.${flag} AND k.ord <= i.indnkeyatts)`;

const LONGEST_INITIAL_BYTES = 8192;
/** `attmissingval` is an array with one element, whose own quotes depend on its type. */
const missingText = (column: string): string => `array_to_string(${column}.attmissingval, '')`;
const hasMissing = (column: string): string =>
  `${column}.atthasmissing AND octet_length(${column}.attmissingval::text) <= ${LONGEST_INITIAL_BYTES}`;

/**
 * What a partitioned table's partitions say alike of rows of before a column, as an object for {@link initialText}; null for
 * others. It takes no lock of a partition: one that is written anew would hold up whoever asks.
 * @param table alias of `pg_class`
 */
export const partitionInitials = (table: string): string => `(
  WITH RECURSIVE parts AS (
    SELECT ${table}.oid AS relid WHERE ${table}.relkind = 'p'
    UNION ALL
    SELECT h.inhrelid FROM parts JOIN pg_inherits h ON h.inhparent = parts.relid)
  SELECT jsonb_object_agg(told.name, told.value)
    FROM (SELECT l.atttypid::text || ' ' || l.attname AS name, min(${missingText('l')}) AS value
            FROM parts JOIN pg_attribute l ON l.attrelid = parts.relid
           WHERE l.attnum > 0 AND ${hasMissing('l')}
           GROUP BY 1 HAVING count(DISTINCT ${missingText('l')}) = 1) AS told)`;

/**
 * What rows have that were there before a column, printed as the session prints values. A partitioned table has no rows:
 * its partitions say it, where they say the same. A long one is left out, since it would be in every schema.
 * @param column alias of `pg_attribute` @param table alias of `pg_class`
 * @param partitions what has {@link partitionInitials} of the table
 */
export const initialText = (column: string, table: string, partitions: string): string =>
  `CASE WHEN ${table}.relkind = 'p' THEN ${partitions} ->> (${column}.atttypid::text || ' ' || ${column}.attname)
   WHEN ${hasMissing(column)} THEN ${missingText(column)} END`;

const TABLES_SQL = `
SELECT c.oid::text, n.nspname::text AS schema, c.relname::text AS table, c.relreplident::text AS identity,
       has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS may_select,
       c.reltuples::float8 AS estimated_rows,
       (SELECT coalesce(json_agg(json_build_object('n', a.attname, 't', a.atttypid::text, 'm', a.atttypmod,
                 'd', a.attndims, 'g', a.attgenerated <> '', 'a', a.attnum,
                 'i', ${initialText('a', 'c', 'parts.initials')}, 'h', (a.atthasdef AND a.attgenerated = '') OR a.attidentity <> '', 'x', a.xmin::text) ORDER BY a.attnum), '[]')
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       ${indexColumns('indisprimary')} AS primary_key,
       ${indexColumns('indisreplident')} AS identity_index,
       (SELECT array_agg(DISTINCT a.xmin::text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS column_changes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (SELECT ${partitionInitials('c')} AS initials) AS parts
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'`;

/** Ordinary and partitioned tables of these schemas; partitions are seen through their root. */
export async function tablesOfSchemas(
  session: CatalogSession,
  schemas: readonly string[],
): Promise<CatalogTable[]> {
  const rows = await session.query<TableRow>(
    'listing the tables',
    `${TABLES_SQL} AND n.nspname = ANY($1) AND NOT c.relispartition ORDER BY 2, 3`,
    [schemas],
  );
  return rows.map(fromRow);
}

/** A table as the catalog has it now, or null when it is gone. */
export async function tableByOid(session: CatalogSession, oid: number): Promise<CatalogTable | null> {
  const rows = await session.query<TableRow>(
    'describing a table',
    `${TABLES_SQL} AND c.oid = $1::text::oid`,
    [String(oid)],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}

function fromRow(row: TableRow): CatalogTable {
  return {
    oid: Number(row.oid),
    schema: row.schema,
    table: row.table,
    identity: replicaIdentityOf(row.identity),
    maySelect: row.may_select,
    estimatedRows: row.estimated_rows,
    columns: row.columns.map((c) => ({
      name: c.n,
      typeOid: Number(c.t),
      typmod: c.m,
      dimensions: c.d,
      generated: c.g,
      number: c.a,
      initial: c.i,
      hasDefault: c.h,
      changedBy: Number(c.x),
    })),
    primaryKey: row.primary_key ?? [],
    identityIndex: row.identity_index ?? [],
    columnChanges: (row.column_changes ?? []).map(Number),
  };
}
