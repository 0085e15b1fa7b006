import { request } from 'node:http';
import { readJson, stateFiles } from './state-directory.ts';
import type { StackStatus } from './stack-status.ts';

interface ControlAddress {
  readonly port: number;
  readonly token: string;
  readonly pid: number;
}

export interface ControlAnswer {
  readonly httpStatus: number;
  readonly body: StackStatus & { readonly reason?: string };
}

/** Asks the keeper of a state directory; null when none answers, which means that the stack is not running. */
export async function askKeeper(
  stateDirectory: string,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs = 300_000,
): Promise<ControlAnswer | null> {
  const address = readJson(stateFiles(stateDirectory).control) as ControlAddress | null;
  if (address === null) return null;
  return await new Promise((resolve) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: address.port,
        method,
        path,
        agent: false,
        timeout: timeoutMs,
        headers: { authorization: `Bearer ${address.token}` },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('error', () => resolve(null));
        response.once('end', () => {
          // Another program may have taken the port of a keeper that is gone; it does not know the token.
          if (response.statusCode === 401) return resolve(null);
          try {
            resolve({
              httpStatus: response.statusCode ?? 0,
              body: JSON.parse(text) as ControlAnswer['body'],
            });
          } catch {
            resolve(null);
          }
        });
      },
    );
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(null));
    call.end();
  });
}
