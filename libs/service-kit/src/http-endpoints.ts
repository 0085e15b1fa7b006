import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { PlatformError } from '@hasivu/errors';
import type { Registry } from 'prom-client';

import type { HealthState } from './health-state.ts';

export interface HttpEndpoints extends AsyncDisposable {
  readonly port: number;
}

/** Serves /livez, /readyz and /metrics. @throws PlatformError SERVICE_PORT_TAKEN */
export async function openHttpEndpoints(
  port: number,
  health: HealthState,
  metrics: Registry,
): Promise<HttpEndpoints> {
  const server = createServer((request, response) => {
    answer(request, response, health, metrics).catch(() => response.destroy());
  });
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  health: HealthState,
  metrics: Registry,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://service').pathname;
  switch (path) {
    case '/livez': {
      const { live, silentMs } = health.liveness;
      return json(response, live ? 200 : 503, { live, silentMs });
    }
    case '/readyz': {
      const { ready, reason } = health.readiness;
      return json(response, ready ? 200 : 503, { ready, reason });
    }
    case '/metrics':
      response.setHeader('content-type', metrics.contentType);
      response.end(await metrics.metrics());
      return undefined;
    default:
      return json(response, 404, { error: 'not found', paths: ['/livez', '/readyz', '/metrics'] });
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new PlatformError('SERVICE_PORT_TAKEN', {
          doing: `listening on port ${port}`,
          why: error.code ?? error.message,
          context: { port },
          cause: error,
        }),
      );
    });
    server.listen(port, () => resolve());
  });
}
