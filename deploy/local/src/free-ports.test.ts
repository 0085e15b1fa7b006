import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { choosePorts } from './free-ports.ts';

describe('choosePorts', () => {
  test('gives different ports and keeps the earlier ones while they are free', async () => {
    const first = await choosePorts(6);
    expect(new Set(first).size).toBe(6);
    expect(await choosePorts(6, first)).toEqual(first);
  });
  test('replaces a port that someone else took, in its place', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const taken = (server.address() as AddressInfo).port;
    const [before, after] = await choosePorts(2);
    const chosen = await choosePorts(3, [before ?? 0, taken, after ?? 0]);
    expect(chosen).not.toContain(taken);
    expect([chosen[0], chosen[2]]).toEqual([before, after]);
    server.close();
  });
});
