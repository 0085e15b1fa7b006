import { PlatformError } from '@hasivu/errors';

/** Which servers a session may be on, as libpq's `target_session_attrs` names them. */
export const SESSION_ATTRS = ['any', 'read-write', 'read-only', 'primary', 'standby'] as const;
export type SessionAttrs = (typeof SESSION_ATTRS)[number];

/** The servers that a connection URL names, in the order in which they are tried. */
export interface ServerList {
  /** A URL per server, each with one host; they hold the password. */
  readonly urls: readonly string[];
  /** null where the URL does not say. */
  readonly sessionAttrs: SessionAttrs | null;
}

const PARTS = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#]*)([^?#]*)(?:\?([^#]*))?/i;
const ATTRS = 'target_session_attrs';

/**
 * The servers of `postgres://user:password@a:5432,b:5432/db?target_session_attrs=primary`, as libpq reads it; lists in
 * the parameters `host` and `port` too. A URL with one host is handed on as it is.
 * @throws PlatformError CONFIG_INVALID
 */
export function serverList(url: string): ServerList {
  const [, start = '', authority = '', path = '', query = ''] = PARTS.exec(url) ?? [];
  const params = new URLSearchParams(query);
  const sessionAttrs = sessionAttrsOf(params);
  const hosts = params.get('host')?.split(',') ?? [];
  if (hosts.length > 1) {
    const ports = portsOf(params.get('port'), hosts.length);
    return { urls: hosts.map((host, i) => withParams(url, params, { host, port: ports[i] })), sessionAttrs };
  }
  const servers = authority.split(',');
  if (servers.length === 1) return { urls: [url], sessionAttrs };
  params.delete(ATTRS);
  const rest = `${path}${params.size > 0 ? `?${params.toString()}` : ''}`;
  return { urls: servers.map((server) => `${start}${server}${rest}`), sessionAttrs };
}

/** `user@host:port/database`, with every host of the URL; never the password. */
export function describeServers(url: string): string {
  try {
    const servers = serverList(url).urls.map((one) => new URL(one));
    const first = servers[0] as URL;
    const user = decodeURIComponent(first.username);
    return `${user}@${servers.map(hostAndPort).join(',')}${first.pathname}`;
  } catch {
    return 'the configured Postgres server';
  }
}

/** `host:port` of a URL with one host. */
export function describeServer(url: string): string {
  return URL.canParse(url) ? hostAndPort(new URL(url)) : 'the configured Postgres server';
}

function hostAndPort(url: URL): string {
  const host = url.searchParams.get('host') ?? url.hostname;
  return `${host}:${url.searchParams.get('port') ?? (url.port || '5432')}`;
}

function sessionAttrsOf(params: URLSearchParams): SessionAttrs | null {
  const given = params.get(ATTRS);
  if (given === null) return null;
  const known = SESSION_ATTRS.find((attrs) => attrs === given);
  if (known) return known;
  throw invalid(
    `${ATTRS} is ${JSON.stringify(given)}, and has to be one of ${SESSION_ATTRS.join(', ')}: a slot is on one server, which leaves nothing to prefer`,
  );
}

function portsOf(list: string | null, hosts: number): readonly (string | undefined)[] {
  const ports = list?.split(',') ?? [];
  if (ports.length <= 1) return Array.from({ length: hosts }, () => ports[0]);
  if (ports.length === hosts) return ports;
  throw invalid(`there are ${hosts} hosts and ${ports.length} ports`);
}

function withParams(
  url: string,
  params: URLSearchParams,
  { host, port }: { readonly host: string; readonly port: string | undefined },
): string {
  const own = new URLSearchParams(params);
  own.delete(ATTRS);
  own.set('host', host);
  if (port !== undefined) own.set('port', port);
  return `${url.split('?')[0] ?? ''}?${own.toString()}`;
}

function invalid(why: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', { doing: 'reading source.postgres.url', why });
}
