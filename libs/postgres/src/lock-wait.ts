import type { CatalogSession } from './catalog-session.ts';

/** A session that another one waits for, directly or through others. */
export interface Blocker {
  /** 0 for a prepared transaction, which has no session. */
  readonly pid: number;
  readonly application: string;
  /** As in `pg_stat_activity`: `active`, `idle in transaction`. */
  readonly state: string | null;
  /** Age of its transaction in seconds. */
  readonly seconds: number | null;
}

/** Whom the server process `pid` waits for, the oldest transaction first; empty where it waits for no lock. */
export async function blockersOf(session: CatalogSession, pid: number): Promise<Blocker[]> {
  return await session.query<Blocker>(
    'looking up who is waited for',
    `WITH RECURSIVE chain (pid) AS (
       SELECT b FROM unnest(pg_blocking_pids($1)) b
       UNION
       SELECT b FROM chain, unnest(pg_blocking_pids(chain.pid)) b WHERE chain.pid <> 0
     )
     SELECT chain.pid, coalesce(a.application_name, '') AS application, a.state,
            extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
       FROM chain LEFT JOIN pg_stat_activity a USING (pid)
      ORDER BY a.xact_start`,
    [pid],
  );
}

/** For a person: `server process 77 ("psql", idle in transaction for 35 s)`. */
export function describeBlocker({ pid, application, state, seconds }: Blocker): string {
  if (pid === 0) return 'a prepared transaction (pg_prepared_xacts)';
  const facts = [
    application === '' ? null : `"${application}"`,
    state && `${state}${seconds === null ? '' : ` for ${Math.round(seconds)} s`}`,
  ].filter((fact) => fact !== null && fact !== '');
  return `server process ${pid}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}
