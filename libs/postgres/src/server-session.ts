import type { CatalogSession } from './catalog-session.ts';
import { mapPostgresError } from './postgres-error.ts';

/** A session of someone, as `pg_stat_activity` shows it. */
export interface ServerSession {
  readonly pid: number;
  readonly application: string;
  /** Address of the client; null for a local socket, or where it may not be seen. */
  readonly client: string | null;
  /** When the session began, ISO 8601. */
  readonly since: string;
  /** It has the name that the asking session has. */
  readonly ours: boolean;
}

const COLUMNS = `a.pid, coalesce(a.application_name, '') AS application, host(a.client_addr) AS client,
  to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
  a.application_name = current_setting('application_name') AS ours`;

export async function sessionOf(session: CatalogSession, pid: number): Promise<ServerSession | null> {
  const rows = await session.query<ServerSession>(
    'looking up who holds the replication slot',
    `SELECT ${COLUMNS} FROM pg_stat_activity a WHERE a.pid = $1`,
    [pid],
  );
  return rows[0] ?? null;
}

/** Who has the lock of {@link tryLockSlot}. */
export async function lockHolder(session: CatalogSession, slot: string): Promise<ServerSession | null> {
  const rows = await session.query<ServerSession>(
    'looking up who has the lock on the replication slot',
    `SELECT ${COLUMNS} FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid::bigint = hashtext('hasivu-cdc-source')::bigint & 4294967295
        AND l.objid::bigint = hashtext($1)::bigint & 4294967295`,
    [slot],
  );
  return rows[0] ?? null;
}

/** False where the server does not let us: the process is of another role. */
export async function terminateSession(session: CatalogSession, pid: number): Promise<boolean> {
  const doing = `ending server process ${pid}`;
  try {
    const { done } = await session.one<{ done: boolean }>(doing, 'SELECT pg_terminate_backend($1) AS done', [
      pid,
    ]);
    return done;
  } catch (cause) {
    const error = mapPostgresError(cause, doing);
    if (error.code === 'SOURCE_PERMISSION') return false;
    throw error;
  }
}

/**
 * Makes the server end this session within 15 s when the machine of the client is gone without a word; by default it
 * takes two hours, for which the lock would stay.
 */
export async function noticeDeadPeers(session: CatalogSession): Promise<void> {
  await session.query(
    'setting the keep-alive of the session',
    'SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3',
  );
}
