import { PlatformError } from '@hasivu/errors';
import { BackOff, RECONNECT } from '../client/back-off.ts';
import type { TlsConfig } from '../client/connection-options.ts';
import { messageOf } from '../client/kafka-error.ts';
import { registryConnection, type RegistryConnection } from './registry-connection.ts';

export interface RegistryAccess {
  /** Base URL without credentials and without a slash at the end. */
  readonly url: string;
  readonly authorization: string | null;
  readonly send: RegistryConnection;
  /** How long an unreachable registry is retried. */
  readonly unavailableTimeoutMs: number;
}

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}

/** Credentials in the URL are taken out of it: it appears in messages. */
export function toRegistryAccess(
  url: string,
  auth: RegistryAuth | null,
  unavailableTimeoutMs: number,
  tls?: TlsConfig,
): RegistryAccess {
  const parsed = new URL(url);
  const username = auth?.username ?? decodeURIComponent(parsed.username);
  const password = auth?.password ?? decodeURIComponent(parsed.password);
  parsed.username = '';
  parsed.password = '';
  const token = Buffer.from(`${username}:${password}`).toString('base64');
  return {
    url: parsed.href.replace(/\/+$/, ''),
    authorization: username === '' ? null : `Basic ${token}`,
    unavailableTimeoutMs,
    send: registryConnection(tls),
  };
}

export interface RegistryAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of an answer that is a list: its numbers, the smallest first. */
  readonly numbers: readonly number[];
  /** What the registry says about a refusal. */
  readonly message: string;
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json';

/** One call of the Confluent REST API. Outages and 5xx are retried, then REGISTRY_UNAVAILABLE; 401 and 403 are refused. */
export async function callRegistry(
  access: RegistryAccess,
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  body: object | null,
  doing: string,
): Promise<RegistryAnswer> {
  const backOff = new BackOff(RECONNECT, access.unavailableTimeoutMs);
  for (;;) {
    let why: string;
    let cause: unknown;
    try {
      const { status, text } = await access.send({
        method,
        url: `${access.url}${path}`,
        headers: {
          accept: `${CONTENT_TYPE}, application/json`,
          ...(body === null ? {} : { 'content-type': CONTENT_TYPE }),
          ...(access.authorization === null ? {} : { authorization: access.authorization }),
        },
        body: body === null ? null : JSON.stringify(body),
      });
      if (status < 500) return toAnswer(status, text, doing);
      why = `status ${status}: ${text.slice(0, 300)}`;
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      cause = error;
      if (isUntrusted(error)) {
        throw new PlatformError('REGISTRY_REJECTED', {
          doing,
          why: `the certificate of ${access.url} is not trusted (${messageOf(error)}); an authority of your own is named by kafka.registryTls.caFile`,
          cause: error,
        });
      }
      why = messageOf(error);
    }
    if (backOff.isExhausted) {
      throw new PlatformError('REGISTRY_UNAVAILABLE', {
        doing,
        why: `${access.url} does not answer (${why})`,
        ...(cause === undefined ? {} : { cause }),
      });
    }
    await backOff.pause();
  }
}

/** Time does not repair a certificate: such a failure is told at once. */
function isUntrusted(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS_CERT/.test(code);
}

function toAnswer(status: number, text: string, doing: string): RegistryAnswer {
  const parsed = parseObject(text);
  const message = typeof parsed?.['message'] === 'string' ? parsed['message'] : text.slice(0, 500);
  if (status === 401 || status === 403) {
    throw new PlatformError('REGISTRY_REJECTED', {
      doing,
      why: `status ${status}: the credentials are refused`,
    });
  }
  if (parsed === null) {
    throw new PlatformError('REGISTRY_REJECTED', {
      doing,
      why: `status ${status}, and the answer is not JSON`,
    });
  }
  const numbers = Array.isArray(parsed) ? parsed.filter((one): one is number => typeof one === 'number') : [];
  return { status, body: parsed, numbers: numbers.sort((a, b) => a - b), message };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
