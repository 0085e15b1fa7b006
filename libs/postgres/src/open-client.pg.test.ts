import { stack } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';

import { CatalogSession } from './catalog-session.ts';
import { WireConnection } from './wire-connection.ts';

const server = new URL(stack().postgres.url);

/** The test server under a list of hosts. */
function urlOf(hosts: string, query = '', password = server.password): string {
  return `postgres://${server.username}:${password}@${hosts}${server.pathname}${query}`;
}

async function refusal(url: string): Promise<string> {
  const opened = CatalogSession.open({ url, applicationName: 'test' });
  return await opened.then(
    async (session) => {
      await session.close();
      return 'opened';
    },
    (error: Error) => error.message,
  );
}

describe('a URL with several hosts', () => {
  test('leads to the first one that answers, and the sessions that follow go to that one alone', async () => {
    const url = urlOf(`127.0.0.1:1,127.0.0.1:${server.port},127.0.0.1:2`);
    const session = await CatalogSession.open({ url, applicationName: 'test' });
    expect(session.target.url).toBe(urlOf(`127.0.0.1:${server.port}`));
    const stream = await WireConnection.open(session.target, { replication: true });
    const [row] = await stream.query('asking', 'SELECT inet_server_port()');
    expect(row).toEqual([server.port]);
    await stream.close();
    const elsewhere = WireConnection.open({ ...session.target, startedAt: '1.5' }, { replication: false });
    await expect(elsewhere).rejects.toThrow(/SOURCE_CONNECTION_LOST.*another server than before/);
    await session.close();
  });

  test('of which none will do says why of each, without the password', async () => {
    const nobody = await refusal(urlOf('127.0.0.1:1,nowhere.invalid:7', '', 's3cret'));
    expect(nobody).toMatch(
      /^SOURCE_UNREACHABLE while connecting to \w+@127\.0\.0\.1:1,nowhere\.invalid:7\/\w+: 127\.0\.0\.1:1: connect ECONNREFUSED[^;]*; nowhere\.invalid:7: getaddrinfo \w+/,
    );
    expect(nobody).not.toContain('s3cret');
    const here = `127.0.0.1:${server.port}`;
    const primary = await refusal(urlOf(`127.0.0.1:1,${here}`, '?target_session_attrs=standby'));
    expect(primary).toMatch(/it is a primary, and target_session_attrs is standby/);
    expect(await refusal(urlOf(`127.0.0.1:1,${here}`, '?target_session_attrs=read-write'))).toBe('opened');
  });

  test('is not tried further once a server refuses the password', async () => {
    const refused = await refusal(urlOf(`127.0.0.1:${server.port},127.0.0.1:1`, '', 'wr0ng'));
    expect(refused).toMatch(/^SOURCE_AUTHENTICATION/);
    expect(refused).not.toMatch(/wr0ng|127\.0\.0\.1:1:/);
  });
});
