import { parseLsn, type Lsn } from '@hasivu/change-events';

import type { CatalogSession } from './catalog-session.ts';
import { quoteIdentifier } from './sql-quote.ts';
import type { WireConnection } from './wire-connection.ts';

export interface SlotState {
  readonly plugin: string;
  readonly database: string | null;
  readonly active: boolean;
  readonly activePid: number | null;
  readonly confirmedLsn: Lsn | null;
  readonly restartLsn: Lsn | null;
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string | null;
}

interface SlotRow {
  readonly plugin: string;
  readonly database: string | null;
  readonly active: boolean;
  readonly active_pid: number | null;
  readonly confirmed: string | null;
  readonly restart: string | null;
  readonly wal_status: string | null;
}

export async function slotState(session: CatalogSession, slot: string): Promise<SlotState | null> {
  const rows = await session.query<SlotRow>(
    `looking up the replication slot "${slot}"`,
    `SELECT plugin::text, database::text, active, active_pid, confirmed_flush_lsn::text AS confirmed,
            restart_lsn::text AS restart, wal_status FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    plugin: row.plugin,
    database: row.database,
    active: row.active,
    activePid: row.active_pid,
    confirmedLsn: row.confirmed === null ? null : parseLsn(row.confirmed),
    restartLsn: row.restart === null ? null : parseLsn(row.restart),
    walStatus: row.wal_status,
  };
}

export interface CreatedSlot {
  /** Commits whose record begins at or behind it are streamed; those before it are in the snapshot. */
  readonly consistentPoint: Lsn;
  /** For `SET TRANSACTION SNAPSHOT`; lives until the creating connection runs its next command. */
  readonly snapshotName: string;
}

/** Creates a pgoutput slot and exports its snapshot; waits for transactions that are running. */
export async function createSlot(
  connection: WireConnection,
  slot: string,
  options: { readonly temporary: boolean },
): Promise<CreatedSlot> {
  const rows = await connection.query(
    `creating the replication slot "${slot}"`,
    `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)} ${options.temporary ? 'TEMPORARY ' : ''}LOGICAL pgoutput EXPORT_SNAPSHOT`,
  );
  const [, consistentPoint, snapshotName] = rows[0] ?? [];
  return { consistentPoint: parseLsn(consistentPoint ?? ''), snapshotName: snapshotName ?? '' };
}

/** Bytes of log between the slot's confirmed position and the end of the log. */
export async function slotLagBytes(session: CatalogSession, slot: string): Promise<number> {
  const rows = await session.query<{ lag: number | null }>(
    `measuring the lag of the replication slot "${slot}"`,
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::float8 AS lag
       FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  return rows[0]?.lag ?? 0;
}

/** Takes the lock that marks this process as the one reader of the slot; it ends with the session. */
export async function tryLockSlot(session: CatalogSession, slot: string): Promise<boolean> {
  const row = await session.one<{ locked: boolean }>(
    `locking the replication slot "${slot}"`,
    `SELECT pg_try_advisory_lock(hashtext('hasivu-cdc-source'), hashtext($1)) AS locked`,
    [slot],
  );
  return row.locked;
}
