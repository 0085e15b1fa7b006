import { quoteLiteral } from './sql-quote.ts';

/** Rows on the pages `[from, to)`; null has no end. The server reads these pages and no other (a TID range scan). */
export function onPages(from: number, to: number | null): string[] {
  return [`ctid >= '(${from},0)'::tid`, ...(to === null ? [] : [`ctid < '(${to},0)'::tid`])];
}

/**
 * Rows whose version a snapshot sees, given as `pg_current_snapshot()` prints it. The snapshot may be long gone; it has to
 * come from a replication slot, which lists every transaction that had not committed, sub-transactions included.
 *
 * A row holds the lower 32 bits of its transaction: the rest is worked out from the transactions there are now, none of
 * which is older than half of what 32 bits can tell apart, save rows that were frozen since.
 */
export function inSnapshot(snapshot: string): string {
  const now = '(SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint)';
  const xid = `(${now} - ((${now} - xmin::text::bigint) & 4294967295))::text::xid8`;
  return `pg_visible_in_snapshot(${xid}, ${quoteLiteral(snapshot)}::pg_snapshot)`;
}

/** Rows whose version a snapshot does not see: inserted or updated since. */
export function afterSnapshot(snapshot: string): string {
  return `NOT ${inSnapshot(snapshot)}`;
}
