import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';

import { afterEach, expect, jest, test } from '@jest/globals';

import { PacedSocket, PulledStream } from './pulled-bytes.ts';

const READ_BYTES = 262_144;
const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A paced socket and the other end of its connection. */
async function connected(): Promise<{ paced: PacedSocket; peer: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const paced = new PacedSocket();
  const accepted = once(server, 'connection');
  paced.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [peer] = (await accepted) as [Socket];
  if (paced.connecting) await once(paced, 'connect');
  open.push(server, { close: () => peer.destroy() }, { close: () => paced.destroy() });
  return { paced, peer };
}

/** Takes until the other end says that it is done; the bytes, and how many reads brought them. */
async function drain(paced: PacedSocket): Promise<{ bytes: Buffer; reads: number }> {
  const chunks: Buffer[] = [];
  let ended = false;
  paced.once('end', () => {
    ended = true;
    paced.onArrival();
  });
  for (;;) {
    const chunk = paced.received();
    if (chunk) chunks.push(Buffer.from(chunk));
    else if (ended) return { bytes: Buffer.concat(chunks), reads: chunks.length };
    else await new Promise<void>((resolve) => (paced.onArrival = resolve));
  }
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('until it is pulled it is a stream like any other, so that the handshake reads it', async () => {
  const { paced, peer } = await connected();
  const heard = once(paced, 'data');
  peer.write('hello');
  expect(String((await heard)[0])).toBe('hello');
});

test('every byte arrives once and in order, however large', async () => {
  const { paced, peer } = await connected();
  paced.pull();
  const sent = randomBytes(5_000_000);
  peer.end(sent);
  const { bytes } = await drain(paced);
  expect(digest(bytes)).toBe(digest(sent));
});

test('nothing is read while the reader is busy: the sender has to wait', async () => {
  const { paced, peer } = await connected();
  paced.pull();
  peer.end(Buffer.alloc(64_000_000));
  paced.received();
  await new Promise<void>((resolve) => (paced.onArrival = resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(paced.bytesRead).toBeLessThanOrEqual(READ_BYTES);
  expect((await drain(paced)).bytes.length).toBe(64_000_000);
});

test('small pieces are read at most once a millisecond, all that came meanwhile together', async () => {
  const { paced, peer } = await connected();
  paced.pull();
  const pieces = 2_000;
  const beganMs = performance.now();
  const drained = drain(paced);
  for (let i = 0; i < pieces; i++) {
    peer.write(Buffer.alloc(100));
    await new Promise((resolve) => setImmediate(resolve));
  }
  peer.end();
  const { bytes, reads } = await drained;
  expect(bytes.length).toBe(pieces * 100);
  expect(reads).toBeLessThanOrEqual(performance.now() - beganMs + 2);
});

test('what comes after the reader has left is thrown away, and the stream closes', async () => {
  const { paced, peer } = await connected();
  paced.pull();
  paced.discard();
  const closed = once(paced, 'close');
  peer.end(Buffer.alloc(3_000_000));
  paced.end();
  await closed;
  expect(paced.received()).toBeNull();
});

test('a reader that asks again while it is waited for, and is then busy, loses nothing', async () => {
  const { paced, peer } = await connected();
  paced.pull();
  const arrival = (): Promise<void> => new Promise((resolve) => (paced.onArrival = resolve));
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  expect(paced.received()).toBeNull();
  peer.write('first');
  await arrival();
  // A timer may fire a little before the clock says so: here the clock stands, and the last read stays recent.
  const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
  try {
    peer.write('second');
    await pause();
    expect(String(paced.received())).toBe('first');
    expect(paced.received()).toBeNull();
    await arrival();
    expect(String(paced.received())).toBe('second');
    expect(paced.received()).toBeNull();
    await pause();
    expect(paced.received()).toBeNull();
    peer.write('third');
    await arrival();
    peer.write('fourth');
    await pause();
    expect(String(paced.received())).toBe('third');
    expect(paced.received()).toBeNull();
    await arrival();
    expect(String(paced.received())).toBe('fourth');
  } finally {
    clock.mockRestore();
  }
});

test('what comes after the reader has left is thrown away where something else decodes the bytes', async () => {
  const stream = new PassThrough();
  const pulled = new PulledStream(stream);
  let arrivals = 0;
  pulled.onArrival = () => arrivals++;
  stream.write(Buffer.alloc(100_000));
  await new Promise((resolve) => setImmediate(resolve));
  pulled.discard();
  arrivals = 0;
  const ended = once(stream, 'end', { signal: AbortSignal.timeout(20_000) });
  stream.end(Buffer.alloc(3_000_000));
  await ended;
  expect(arrivals).toBe(0);
});
