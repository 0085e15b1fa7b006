import type { WireConnection } from './wire-connection.ts';

/** Transactions that may have written to a table, and what the server sees as committed at that moment. */
export interface TableWriters {
  /** Virtual transaction ids; of a prepared transaction, `-1/` and its id. Never used twice. */
  readonly transactions: ReadonlySet<string>;
  /** As `pg_current_snapshot()` prints it. */
  readonly snapshot: string;
}

/**
 * Who holds a lock that writing to the table, or to a partition of it, takes. A writer keeps its lock until its commit is
 * visible: also while its commit record is long written, and it waits for a synchronous standby.
 */
export async function tableWriters(connection: WireConnection, oid: number): Promise<TableWriters> {
  const rows = await connection.query(
    'listing the writers of a table',
    `SELECT s.snapshot, l.virtualtransaction
       FROM (SELECT pg_current_snapshot()::text AS snapshot) s
       LEFT JOIN LATERAL (
         SELECT DISTINCT virtualtransaction FROM pg_locks
          WHERE locktype = 'relation' AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
            AND relation IN (SELECT ${Number(oid)}::oid UNION SELECT t.relid FROM pg_partition_tree(${Number(oid)}) t)
       ) l ON true`,
  );
  return {
    transactions: new Set(rows.flatMap(([, transaction]) => (transaction == null ? [] : [transaction]))),
    snapshot: rows[0]?.[0] ?? '',
  };
}
