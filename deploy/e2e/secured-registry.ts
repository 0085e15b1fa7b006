import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { TestCertificates } from './test-certificates.ts';

export interface SecuredRegistry extends AsyncDisposable {
  readonly url: string;
}

/** TLS and basic authentication in front of a registry that has neither. */
export async function secureRegistry(
  registryUrl: string,
  certificates: TestCertificates,
  user: { readonly username: string; readonly password: string },
): Promise<SecuredRegistry> {
  const expected = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
  const target = new URL(registryUrl);
  const identity = {
    cert: readFileSync(certificates.serverCertificate),
    key: readFileSync(certificates.serverKey),
  };
  const server = createServer(identity, (incoming, outgoing) => {
    if (incoming.headers.authorization !== expected) {
      incoming.resume();
      outgoing.writeHead(401).end('{"message":"who are you?"}');
      return;
    }
    const { method, headers } = incoming;
    const onward = request(
      {
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method,
        headers: { ...headers, host: target.host },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}${target.pathname}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
