import { PlatformError } from '@hasivu/errors';

import type { CatalogSession } from './catalog-session.ts';

export interface ServerFacts {
  /** e.g. 180004. */
  readonly version: number;
  readonly database: string;
  readonly user: string;
  /** Milliseconds without a status update after which the server ends a stream; 0 never. */
  readonly senderTimeoutMs: number;
  /** A standby. */
  readonly inRecovery: boolean;
}

const OLDEST_SUPPORTED = 140000;

/** Facts about the server, and the conditions without which no change can be captured. @throws PlatformError */
export async function checkServer(session: CatalogSession): Promise<ServerFacts> {
  const doing = 'checking the source server';
  const row = await session.one<Record<string, string | boolean>>(
    doing,
    `SELECT current_setting('server_version_num') AS version, current_setting('wal_level') AS wal_level,
            current_database() AS database, current_user AS "user",
            pg_is_in_recovery() AS in_recovery,
            (SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout') AS sender_timeout_ms,
            (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user) AS may_replicate`,
  );
  const version = Number(row['version']);
  if (version < OLDEST_SUPPORTED) {
    throw new PlatformError('SOURCE_QUERY', {
      doing,
      why: `server version ${version} is older than 14`,
      context: { version },
    });
  }
  if (row['wal_level'] !== 'logical') {
    throw new PlatformError('SOURCE_WAL_LEVEL', { doing, why: `wal_level is ${String(row['wal_level'])}` });
  }
  if (row['may_replicate'] !== true) {
    const user = String(row['user']);
    throw new PlatformError('SOURCE_PERMISSION', {
      doing,
      why: `the role "${user}" lacks the REPLICATION attribute: run ALTER ROLE "${user}" REPLICATION as a superuser`,
    });
  }
  return {
    version,
    database: String(row['database']),
    user: String(row['user']),
    senderTimeoutMs: Number(row['sender_timeout_ms']),
    inRecovery: row['in_recovery'] === true,
  };
}
