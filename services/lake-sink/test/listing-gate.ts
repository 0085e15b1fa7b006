import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const DENIED =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';

/** A way to the store on which listings of a whole lake can be refused, as a policy without s3:ListBucket would. */
export class ListingGate implements AsyncDisposable {
  denies = false;
  /** Refused so far. */
  denied = 0;
  readonly #server;
  readonly #to: URL;
  readonly #prefix: string;

  private constructor(endpoint: string, prefix: string) {
    this.#to = new URL(endpoint);
    this.#prefix = `${prefix}/`;
    this.#server = createServer((asked, answer) => this.#pass(asked, answer));
  }

  static async open({
    endpoint,
    prefix,
  }: {
    readonly endpoint: string;
    readonly prefix: string;
  }): Promise<ListingGate> {
    const gate = new ListingGate(endpoint, prefix);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { searchParams } = new URL(asked.url ?? '/', 'http://lake');
    const isOfAll = searchParams.get('list-type') === '2' && searchParams.get('prefix') === this.#prefix;
    if (this.denies && isOfAll) {
      this.denied += 1;
      answer.writeHead(403, { 'content-type': 'application/xml' }).end(DENIED);
      return;
    }
    // The host is signed: it stays that of the gate.
    const { method, url: path, headers } = asked;
    const { hostname, port } = this.#to;
    const passed = request({ hostname, port, method, path, headers }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
