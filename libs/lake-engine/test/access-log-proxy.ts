import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Stands before an object store and writes down every request as Amazon's server access log does; the requests themselves pass. */
export class AccessLogProxy implements AsyncDisposable {
  /** Lines of the log so far. */
  lines: string[] = [];
  /** Clock of the log. */
  nowMs: () => number = Date.now;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(upstream: string): Promise<AccessLogProxy> {
    const { hostname, port } = new URL(upstream);
    const server = createServer((asked, answer) => {
      const { method, url, headers } = asked;
      // The signature is over the host that the client has asked, so the headers pass as they are.
      const passed = request({ hostname, port, method, path: url, headers }, (found) => {
        let sent = 0;
        answer.writeHead(found.statusCode ?? 502, found.headers);
        found.on('data', (chunk: Buffer) => (sent += chunk.length));
        found.on('end', () => proxy.#note(asked, found, sent));
        found.pipe(answer);
      });
      passed.on('error', () => answer.destroy());
      asked.pipe(passed);
    });
    const proxy = new AccessLogProxy(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The lines since the last time, as an object of the log. */
  take(): Buffer {
    const lines = this.lines;
    this.lines = [];
    return Buffer.from(lines.map((line) => `${line}\n`).join(''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #note(
    { method = '-', url = '/', headers, httpVersion }: IncomingMessage,
    answer: IncomingMessage,
    sent: number,
  ): void {
    const [, bucket = '-', key = ''] = /^\/([^/?]+)\/?([^?]*)/u.exec(url) ?? [];
    const copies = headers['x-amz-copy-source'] !== undefined;
    const kind = copies ? 'COPY' : method;
    // Paths come encoded once, and the log encodes what it is given, but for the slashes.
    const logged = key === '' ? '-' : encodeURIComponent(key).replaceAll('%2F', '/');
    const quoted = (header: string | undefined): string => (header === undefined ? '-' : `"${header}"`);
    this.lines.push(
      `owner ${bucket} [${logTime(this.nowMs())}] 127.0.0.1 tester 3E57427F3EXAMPLE REST.${kind}.${key === '' ? 'BUCKET' : 'OBJECT'} ${logged} ` +
        `"${method} ${url} HTTP/${httpVersion}" ${answer.statusCode ?? '-'} - ${sent} ${answer.headers['content-length'] ?? '-'} 12 7 ` +
        `${quoted(headers.referer ?? '-')} ${quoted(headers['user-agent'])} - hostid= SigV4 - AuthHeader 127.0.0.1 - - -`,
    );
  }
}

function logTime(ms: number): string {
  const at = new Date(ms).toISOString();
  return `${at.slice(8, 10)}/${MONTHS[Number(at.slice(5, 7)) - 1]}/${at.slice(0, 4)}:${at.slice(11, 19)} +0000`;
}
