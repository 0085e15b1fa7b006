import { request as requestPlain } from 'node:http';
import { Agent, request as requestTls } from 'node:https';

import { toTls, type TlsConfig } from '../client/connection-options.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface RegistryResponse {
  readonly status: number;
  readonly text: string;
}

/** Sends one request. Throws what the socket or TLS reports. */
export type RegistryConnection = (request: RegistryRequest) => Promise<RegistryResponse>;

const REQUEST_TIMEOUT_MS = 10_000;

/** @param tls of a registry with an https URL; without it the authorities that Node trusts */
export function registryConnection(tls: TlsConfig | undefined): RegistryConnection {
  const files = tls === undefined ? {} : toTls(tls, 'kafka.registryTls', 'REGISTRY_REJECTED');
  const agent = new Agent({ ...files, keepAlive: true });
  return ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      const outgoing =
        target.protocol === 'https:'
          ? requestTls(target, { method, headers, signal, agent })
          : requestPlain(target, { method, headers, signal });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      outgoing.end(body ?? undefined);
    });
}
