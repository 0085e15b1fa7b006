import { PlatformError, type ErrorCode } from '@hasivu/errors';
import pg from 'pg';

import { clientConfigOf, type PostgresTarget } from './connection-options.ts';
import { mapPostgresError, reasonOf } from './postgres-error.ts';
import { describeServer, describeServers, serverList, type SessionAttrs } from './server-list.ts';
import { SESSION_SQL } from './session-sql.ts';

export interface OpenedClient {
  readonly client: pg.Client;
  /** The server that answered, and no other. */
  readonly target: PostgresTarget;
}

/** As libpq: only a host that does not answer, or is not the kind of server that is wanted, makes the next one's turn. */
const NEXT_HOST: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_UNREACHABLE',
  'SOURCE_CONNECTION_LOST',
  'SOURCE_STANDBY',
]);

interface ServerFound {
  readonly started: string;
  readonly standby: boolean;
  readonly read_only: boolean;
}

/**
 * Opens a session on the first server of the target's URL that answers and is of the kind that is wanted.
 * @param onError hears of errors of the client from its first moment on: without a listener one would end the process
 * @throws PlatformError with every host that was tried, and why each was not taken
 */
export async function openClient(
  target: PostgresTarget,
  replication: boolean,
  onError: (error: Error) => void,
): Promise<OpenedClient> {
  const { urls, sessionAttrs } = serverList(target.url);
  const wanted = sessionAttrs ?? target.sessionAttrs ?? 'any';
  const failures: { readonly url: string; readonly error: PlatformError; readonly why: string }[] = [];
  for (const url of urls) {
    const one: PostgresTarget = { ...target, url, sessionAttrs: wanted };
    const doing = `connecting to ${describeServers(url)}`;
    try {
      return await openOne(one, replication, onError, doing);
    } catch (cause) {
      const error = mapPostgresError(cause, doing);
      failures.push({ url, error, why: reasonOf(cause) });
      if (!NEXT_HOST.has(error.code)) break;
    }
  }
  const last = failures.at(-1);
  if (!last || urls.length === 1) throw last?.error ?? new Error('the URL names no server');
  const standby = failures.find(({ error }) => error.code === 'SOURCE_STANDBY');
  const code = !NEXT_HOST.has(last.error.code)
    ? last.error.code
    : standby
      ? 'SOURCE_STANDBY'
      : 'SOURCE_UNREACHABLE';
  throw new PlatformError(code, {
    doing: `connecting to ${describeServers(target.url)}`,
    why: failures.map(({ url, why }) => `${describeServer(url)}: ${why}`).join('; '),
    context: { ...last.error.context, tried: failures.length },
    cause: last.error,
  });
}

async function openOne(
  target: PostgresTarget,
  replication: boolean,
  onError: (error: Error) => void,
  doing: string,
): Promise<OpenedClient> {
  const client = new pg.Client(clientConfigOf(target, replication));
  client.on('error', onError);
  try {
    await client.connect();
    await client.query(SESSION_SQL);
    // The time of its start tells a server from its standbys, whose system identifier is the same.
    const { rows } = await client.query<ServerFound>(
      `SELECT extract(epoch FROM pg_postmaster_start_time())::text AS started, pg_is_in_recovery() AS standby,
              current_setting('transaction_read_only') = 'on' AS read_only`,
    );
    const found = rows[0] as ServerFound;
    const unwanted = unwantedBecause(target.sessionAttrs ?? 'any', found);
    if (unwanted !== null)
      throw new PlatformError(found.standby ? 'SOURCE_STANDBY' : 'SOURCE_UNREACHABLE', {
        doing,
        why: unwanted,
      });
    if (target.startedAt !== undefined && target.startedAt !== found.started)
      throw new PlatformError('SOURCE_CONNECTION_LOST', {
        doing,
        why: 'the host leads to another server than before, or the server was started again',
      });
    return { client, target: { ...target, startedAt: found.started } };
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}

function unwantedBecause(wanted: SessionAttrs, { standby, read_only }: ServerFound): string | null {
  const kind = standby ? 'a standby' : read_only ? 'a read-only primary' : 'a primary';
  const fits: Record<SessionAttrs, boolean> = {
    any: true,
    primary: !standby,
    standby,
    'read-write': !read_only,
    'read-only': read_only,
  };
  return fits[wanted] ? null : `it is ${kind}, and target_session_attrs is ${wanted}`;
}
