import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';

import type { ClientConfig } from 'pg';

export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  /** Verify the chain and the name of the server certificate. */
  readonly verify: boolean;
}

export interface PostgresTarget {
  /** Connection URL; holds the password, so it is never logged. */
  readonly url: string;
  readonly tls?: TlsFiles | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly connectTimeoutMs?: number;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

export function clientConfigOf(target: PostgresTarget, replication: boolean): ClientConfig {
  return {
    connectionString: target.url,
    application_name: target.applicationName,
    connectionTimeoutMillis: target.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    ...(target.tls ? { ssl: tlsOptionsOf(target.tls) } : {}),
    // One byte of read-ahead makes the socket stop after each read until it is asked again, so that what a sender writes
    // row by row piles up in the kernel and is taken in large pieces instead of one event per row.
    stream: () => new Socket({ readableHighWaterMark: 1 } as ConstructorParameters<typeof Socket>[0]),
    ...(replication ? { replication: 'database' } : {}),
  };
}

function tlsOptionsOf(tls: TlsFiles): NonNullable<ClientConfig['ssl']> {
  return {
    rejectUnauthorized: tls.verify,
    ...(tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile, 'utf8') }),
    ...(tls.certFile === undefined ? {} : { cert: readFileSync(tls.certFile, 'utf8') }),
    ...(tls.keyFile === undefined ? {} : { key: readFileSync(tls.keyFile, 'utf8') }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

/** `user@host:port/database` of a connection URL, for messages; never the password. */
export function describeTarget(url: string): string {
  try {
    const parsed = new URL(url);
    return `${decodeURIComponent(parsed.username)}@${parsed.hostname}:${parsed.port || '5432'}${parsed.pathname}`;
  } catch {
    return 'the configured Postgres server';
  }
}
