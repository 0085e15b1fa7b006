import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';

import { PlatformError } from '@hasivu/errors';
import type { ClientConfig } from 'pg';

import { PacedSocket } from './pulled-bytes.ts';
import type { SessionAttrs } from './server-list.ts';

export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  /** Verify the chain and the name of the server certificate. */
  readonly verify: boolean;
}

export interface PostgresTarget {
  /** Connection URL, with one host or several; holds the password, so it is never logged. */
  readonly url: string;
  /** Which servers will do, where the URL does not say: any of them by default. */
  readonly sessionAttrs?: SessionAttrs;
  /** When the only server that will do was started, in seconds since 1970. */
  readonly startedAt?: string;
  readonly tls?: TlsFiles | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly connectTimeoutMs?: number;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** @param target with one host */
export function clientConfigOf(target: PostgresTarget, replication: boolean): ClientConfig {
  return {
    connectionString: target.tls ? withoutTlsParameters(target.url) : target.url,
    application_name: target.applicationName,
    connectionTimeoutMillis: target.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    // With channel binding a server in the middle is found out even where its certificate is trusted.
    ...(target.tls ? { ssl: tlsOptionsOf(target.tls), enableChannelBinding: true } : {}),
    stream: socketFor,
    ...(replication ? { replication: 'database' } : {}),
  };
}

/**
 * @param resolved what `pg` made of section and URL: whether it will put TLS on top. Then one byte of read-ahead makes the
 *   socket stop after each read until it is asked again, so that what a sender writes row by row piles up in the kernel.
 */
function socketFor(resolved?: ClientConfig): Socket {
  if (!resolved?.ssl) return new PacedSocket();
  return new Socket({ readableHighWaterMark: 1 } as ConstructorParameters<typeof Socket>[0]);
}

/** `pg` lets `sslmode` and its like in the URL replace the configured section: `disable` would switch TLS off unseen. */
function withoutTlsParameters(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  for (const name of ['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'uselibpqcompat'])
    parsed.searchParams.delete(name);
  return parsed.href;
}

function tlsOptionsOf(tls: TlsFiles): NonNullable<ClientConfig['ssl']> {
  const { serverName } = tls;
  return {
    rejectUnauthorized: tls.verify,
    ...(tls.caFile === undefined ? {} : { ca: readPem(tls.caFile, 'caFile') }),
    ...(tls.certFile === undefined ? {} : { cert: readPem(tls.certFile, 'certFile') }),
    ...(tls.keyFile === undefined ? {} : { key: readPem(tls.keyFile, 'keyFile') }),
    // `pg` puts the URL's host in the place of `servername`: the name to verify has to be checked here.
    ...(serverName === undefined
      ? {}
      : {
          checkServerIdentity: (_host: string, certificate) => checkServerIdentity(serverName, certificate),
        }),
  };
}

function readPem(path: string, field: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PlatformError('SOURCE_TLS', {
      doing: `reading source.postgres.tls.${field}`,
      why: `the file ${path} cannot be read`,
      cause,
    });
  }
}
