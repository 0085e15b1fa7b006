import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * Ports are taken below the range from which systems hand out ports to outgoing connections: a server that is stopped
 * and started again must find its port free.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 30_000;

export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** `count` different ports that nobody listens on, keeping those of `previous` that are still free. */
export async function choosePorts(count: number, previous: readonly number[] = []): Promise<number[]> {
  const chosen: number[] = [];
  for (const port of previous.slice(0, count)) if (await isPortFree(port)) chosen.push(port);
  while (chosen.length < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (!chosen.includes(port) && (await isPortFree(port))) chosen.push(port);
  }
  return chosen;
}
