import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import { PART_NAMES, type PartName } from '../stack-status.ts';
import type { StackKeeper } from './stack-keeper.ts';

/** Loopback door of the keeper: `GET /status`, `POST /stop`, `POST /parts/<part>/<start|stop|kill|restart>`. */
export async function serveControl(
  keeper: StackKeeper,
  options: { readonly token: string; readonly onStop: () => Promise<void> },
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    answer(request, response).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      send(response, 500, { reason });
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isAuthorised(request, options.token)) return send(response, 401, { reason: 'wrong token' });
    const [, first, name, verb] = (request.url ?? '').split('/');
    if (request.method === 'GET' && first === 'status') return send(response, 200, keeper.status());
    if (request.method === 'POST' && first === 'stop') {
      await options.onStop();
      return send(response, 200, keeper.status());
    }
    const part =
      request.method === 'POST' && first === 'parts' && isPartName(name) ? keeper.part(name) : undefined;
    if (part === null) return send(response, 409, { reason: `${name} is an external server` });
    if (part === undefined) return send(response, 404, { reason: 'no such command' });
    if (verb === 'stop' || verb === 'restart') await part.stop();
    if (verb === 'kill') await part.kill();
    if (verb === 'start' || verb === 'restart') await part.start();
    send(response, 200, keeper.status());
  }

  // A start may take minutes on a slow machine.
  server.requestTimeout = 0;
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return { server, port };
}

function isAuthorised(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function isPartName(name: string | undefined): name is PartName {
  return PART_NAMES.some((known) => known === name);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
