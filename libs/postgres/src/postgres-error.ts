import { isPlatformError, PlatformError, type ErrorCode, type ErrorContext } from '@hasivu/errors';

import { conditionOf } from './data-conditions.ts';

const BY_SQLSTATE: Readonly<Record<string, ErrorCode>> = {
  '28000': 'SOURCE_AUTHENTICATION',
  '28P01': 'SOURCE_AUTHENTICATION',
  '3D000': 'SOURCE_DATABASE_MISSING',
  '42501': 'SOURCE_PERMISSION',
  '42P01': 'SOURCE_TABLE_MISSING',
  '53300': 'SOURCE_UNREACHABLE',
  '53400': 'SOURCE_SLOT_LIMIT',
  '55P03': 'SOURCE_SNAPSHOT_FAILED',
  '55006': 'SOURCE_SLOT_ACTIVE',
  '57P01': 'SOURCE_CONNECTION_LOST',
  '57P02': 'SOURCE_CONNECTION_LOST',
  '57P03': 'SOURCE_UNREACHABLE',
  '57P05': 'SOURCE_CONNECTION_LOST',
};

const BY_NODE_CODE: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'SOURCE_UNREACHABLE',
  ENOTFOUND: 'SOURCE_UNREACHABLE',
  EAI_AGAIN: 'SOURCE_UNREACHABLE',
  EHOSTUNREACH: 'SOURCE_UNREACHABLE',
  ENETUNREACH: 'SOURCE_UNREACHABLE',
  ETIMEDOUT: 'SOURCE_UNREACHABLE',
  ECONNRESET: 'SOURCE_CONNECTION_LOST',
  EPIPE: 'SOURCE_CONNECTION_LOST',
};

/** What a server or socket error says, whichever of `pg`, the wire or TLS made it. */
interface ErrorFacts {
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
}

/**
 * The one place where errors of Postgres get a code. Idempotent. The server's `message` is kept (it names objects and
 * settings) where it is not about a value; its `detail` never is: it can hold a row's values.
 */
export function mapPostgresError(error: unknown, doing: string, context: ErrorContext = {}): PlatformError {
  if (isPlatformError(error)) return error;
  const facts = factsOf(error);
  const sqlState = sqlStateOf(facts);
  return new PlatformError(codeOf(facts, sqlState), {
    doing,
    why: reasonOf(error),
    context: { ...context, sqlState },
    cause: error,
  });
}

/** Why it failed, in the words of whoever found it. */
export function reasonOf(error: unknown): string {
  if (isPlatformError(error)) return error.why;
  const facts = factsOf(error);
  const sqlState = sqlStateOf(facts);
  if (sqlState === undefined) return facts.message;
  return `the server says: ${conditionOf(sqlState) ?? facts.message}`;
}

function sqlStateOf({ code }: ErrorFacts): string | undefined {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function factsOf(error: unknown): ErrorFacts {
  // By what it has, not by its class: an error of another realm is no instance of ours.
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const { errors } = error as { readonly errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return factsOf(errors[0]);
  return 'message' in error ? (error as ErrorFacts) : { message: 'an unknown failure' };
}

function codeOf(facts: ErrorFacts, sqlState: string | undefined): ErrorCode {
  const { code, message } = facts;
  if (sqlState === '55000' && /wal_level/.test(message)) return 'SOURCE_WAL_LEVEL';
  if (sqlState === '55000' && /replication slot|can no longer/.test(message)) return 'SOURCE_SLOT_LOST';
  if (sqlState === '42704' && /replication slot/.test(message)) return 'SOURCE_SLOT_LOST';
  if (sqlState === '42704' && /publication/.test(message)) return 'SOURCE_PUBLICATION_INCOMPLETE';
  if (sqlState === '58P01' && /WAL|wal/.test(message)) return 'SOURCE_SLOT_LOST';
  const known = code === undefined ? undefined : (BY_SQLSTATE[code] ?? BY_NODE_CODE[code]);
  if (known) return known;
  if (sqlState?.startsWith('08')) return 'SOURCE_CONNECTION_LOST';
  if (/SSL|TLS|certificate|self.signed|ERR_TLS|altname/i.test(`${code ?? ''} ${message}`))
    return 'SOURCE_TLS';
  if (/SASL|password|SCRAM/i.test(message)) return 'SOURCE_AUTHENTICATION';
  if (/timeout expired|timed out/i.test(message)) return 'SOURCE_UNREACHABLE';
  if (/terminated|closed|ended/i.test(message)) return 'SOURCE_CONNECTION_LOST';
  return 'SOURCE_QUERY';
}
