import type { TableName } from './publication.ts';
import type { WireConnection } from './wire-connection.ts';

/** A table without partitions, or a partition that holds rows itself. */
export interface TablePart extends TableName {
  readonly oid: number;
  /** Its file; another one after every rewrite. 0 where it has none. */
  readonly filenode: number;
  /** Pages it has now; null where rows cannot be read by page (a foreign table, another access method). */
  readonly pages: number | null;
  /** The planner's estimate, -1 when never analysed. */
  readonly estimatedRows: number;
  /** True when values can be stored out of line. */
  readonly hasToast: boolean;
  readonly maySelect: boolean;
}

export interface TableParts {
  readonly pageBytes: number;
  /** By the table's OID, in the order of the parts' own. */
  readonly parts: ReadonlyMap<number, readonly TablePart[]>;
}

/** The parts of tables that hold rows. To be asked after the tables are locked: then no part can go or be rewritten. */
export async function tableParts(connection: WireConnection, oids: readonly number[]): Promise<TableParts> {
  const rows = await connection.query(
    'listing the pages of the tables',
    `SELECT root.oid, c.oid, n.nspname, c.relname, coalesce(pg_relation_filenode(c.oid), 0),
            CASE WHEN c.relkind = 'r' AND am.amname = 'heap'
              THEN pg_relation_size(c.oid) / current_setting('block_size')::int END,
            c.reltuples::float8, c.reltoastrelid <> 0,
            has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'),
            current_setting('block_size')
       FROM pg_class root
       CROSS JOIN LATERAL (SELECT root.oid AS relid WHERE root.relkind <> 'p' UNION ALL
         SELECT t.relid FROM pg_partition_tree(root.oid) t WHERE t.isleaf AND t.relid <> root.oid) leaf
       JOIN pg_class c ON c.oid = leaf.relid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_am am ON am.oid = c.relam
      WHERE root.oid IN (${oids.map(Number).join(', ')})
      ORDER BY 1, 2`,
  );
  const parts = new Map<number, TablePart[]>();
  for (const row of rows) {
    const [root, oid, schema, table, filenode, pages, estimatedRows, hasToast, maySelect] = row;
    const part = {
      oid: Number(oid),
      schema: schema ?? '',
      table: table ?? '',
      filenode: Number(filenode),
      pages: pages === null ? null : Number(pages),
      estimatedRows: Number(estimatedRows),
      hasToast: hasToast === 't',
      maySelect: maySelect === 't',
    };
    const known = parts.get(Number(root));
    if (known) known.push(part);
    else parts.set(Number(root), [part]);
  }
  return { pageBytes: Number(rows[0]?.[9] ?? 8192), parts };
}
