import { parseLsn, type Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import type { CatalogSession } from './catalog-session.ts';
import { quoteIdentifier } from './sql-quote.ts';
import type { WireConnection } from './wire-connection.ts';

/** Slots that follow the primary to its standbys. */
export const FAILOVER_SLOTS_SINCE = 170000;
const INVALIDATION_REASON_SINCE = 170000;

export interface SlotState {
  readonly plugin: string;
  readonly database: string | null;
  readonly active: boolean;
  readonly activePid: number | null;
  readonly confirmedLsn: Lsn | null;
  readonly restartLsn: Lsn | null;
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string | null;
  /** Why the server gave it up, where it says so: `wal_removed`, `idle_timeout`, `rows_removed`, `wal_level_insufficient`. */
  readonly invalidationReason: string | null;
  /** Log between its confirmed position and the end. */
  readonly lagBytes: number | null;
  /** Log that it holds back. */
  readonly retainedBytes: number | null;
  /** Log that may still be written before the server gives it up; null where the server sets no bound. */
  readonly safeBytes: number | null;
  /** Kept on the standbys too. */
  readonly failover: boolean;
  /** Came from the primary of which this server was a standby. */
  readonly synced: boolean;
}

interface SlotRow {
  readonly plugin: string;
  readonly database: string | null;
  readonly active: boolean;
  readonly active_pid: number | null;
  readonly confirmed: string | null;
  readonly restart: string | null;
  readonly wal_status: string | null;
  readonly reason: string | null;
  readonly lag: number | null;
  readonly retained: number | null;
  readonly safe: number | null;
  readonly failover: boolean;
  readonly synced: boolean;
}

/** End of the log, on a primary as on a standby. */
const END_OF_LOG =
  'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END';

/** @param serverVersion e.g. 180004: columns that older servers lack are not asked for */
export async function slotState(
  session: CatalogSession,
  slot: string,
  serverVersion: number,
): Promise<SlotState | null> {
  const newer =
    serverVersion >= INVALIDATION_REASON_SINCE
      ? 'invalidation_reason AS reason, failover, synced'
      : 'NULL AS reason, false AS failover, false AS synced';
  const rows = await session.query<SlotRow>(
    `looking up the replication slot "${slot}"`,
    `SELECT plugin::text, database::text, active, active_pid, confirmed_flush_lsn::text AS confirmed,
            restart_lsn::text AS restart, wal_status, ${newer}, safe_wal_size::float8 AS safe,
            pg_wal_lsn_diff(${END_OF_LOG}, confirmed_flush_lsn)::float8 AS lag,
            pg_wal_lsn_diff(${END_OF_LOG}, restart_lsn)::float8 AS retained
       FROM pg_replication_slots WHERE slot_name = $1`,
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
    invalidationReason: row.reason,
    lagBytes: row.lag,
    retainedBytes: row.retained,
    safeBytes: row.safe,
    failover: row.failover,
    synced: row.synced,
  };
}

export interface CreatedSlot {
  /** Commits whose record begins at or behind it are streamed; those before it are in the snapshot. */
  readonly consistentPoint: Lsn;
  /** For `SET TRANSACTION SNAPSHOT`; lives until the creating connection runs its next command. */
  readonly snapshotName: string;
}

export interface NewSlot {
  readonly temporary: boolean;
  /** Kept on the standbys too; needs version 17. */
  readonly failover?: boolean;
}

/** Creates a pgoutput slot and exports its snapshot; waits for transactions that are running. */
export async function createSlot(
  connection: WireConnection,
  slot: string,
  options: NewSlot,
): Promise<CreatedSlot> {
  const lifetime = options.temporary ? 'TEMPORARY ' : '';
  const how = options.failover ? "(SNAPSHOT 'export', FAILOVER true)" : 'EXPORT_SNAPSHOT';
  const rows = await connection.query(
    `creating the replication slot "${slot}"`,
    `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)} ${lifetime}LOGICAL pgoutput ${how}`,
  );
  const [, consistentPoint, snapshotName] = rows[0] ?? [];
  return { consistentPoint: parseLsn(consistentPoint ?? ''), snapshotName: snapshotName ?? '' };
}

/** Makes the standbys keep an existing slot too. */
export async function makeFailoverSlot(connection: WireConnection, slot: string): Promise<void> {
  await connection.query(
    `making "${slot}" a failover slot`,
    `ALTER_REPLICATION_SLOT ${quoteIdentifier(slot)} (FAILOVER true)`,
  );
}

/** @throws PlatformError SOURCE_FAILOVER_UNSUPPORTED */
export function checkFailoverSupport(serverVersion: number): void {
  if (serverVersion >= FAILOVER_SLOTS_SINCE) return;
  throw new PlatformError('SOURCE_FAILOVER_UNSUPPORTED', {
    doing: 'checking the source server',
    why: `the server is version ${String(Math.floor(serverVersion / 10000))}`,
    context: { serverVersion },
  });
}

/** Drops the slot where it still is. A process that reads it is ended first when `evict` is set. */
export async function dropSlot(session: CatalogSession, slot: string, evict: boolean): Promise<void> {
  const doing = `dropping the replication slot "${slot}"`;
  if (evict) {
    await session.query(
      doing,
      'SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = $1 AND active',
      [slot],
    );
  }
  await session.query(
    doing,
    'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
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
