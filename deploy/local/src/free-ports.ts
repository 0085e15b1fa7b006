import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports are taken below the range from which systems hand out ports to outgoing connections: a server that is stopped
 * and started again must find its port free.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 30_000;

async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** `count` different ports that nobody listens on. Those of `previous` that are still free stay in their places. */
export async function choosePorts(count: number, previous: readonly number[] = []): Promise<number[]> {
  const chosen: number[] = [];
  while (chosen.length < count) {
    const kept = previous[chosen.length];
    if (kept !== undefined && !chosen.includes(kept) && (await isPortFree(kept))) chosen.push(kept);
    else chosen.push(await freshPort([...chosen, ...previous]));
  }
  return chosen;
}

async function freshPort(taken: readonly number[]): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (!taken.includes(port) && (await isPortFree(port))) return port;
  }
}
