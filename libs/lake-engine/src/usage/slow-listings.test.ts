import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { PlatformError } from '@hasivu/errors';
import { waitFor } from '@hasivu/testing';
import type { StoredObject } from '../maintenance/lake-store.ts';
import { CapacityWatch } from './capacity-watch.ts';

let stop = new AbortController();
let running: Promise<void> = Promise.resolve();
afterEach(async () => {
  stop.abort();
  await running;
  stop = new AbortController();
});

/** A lake of 100 bytes whose listings are these. */
async function watched(list: () => AsyncIterable<StoredObject>): Promise<{
  readonly watch: CapacityWatch;
  readonly kinds: string[];
}> {
  const kinds: string[] = [];
  const watch = new CapacityWatch({
    store: { list },
    maxBytes: 100,
    warnAtRatio: 0.99,
    listEveryMs: 20,
    recheckEveryMs: 20,
    onUsage: () => undefined,
    onState: ({ kind }) => void kinds.push(kind),
    onFailed: () => undefined,
    alive: () => undefined,
    signal: stop.signal,
  });
  await watch.open();
  running = watch.run();
  return { watch, kinds };
}

const object = (sizeBytes: number): StoredObject => ({
  key: 'bronze/public/orders/a.parquet',
  sizeBytes,
  modifiedMs: 0,
});

test('one listing that fails at once does not stop the writing to a lake whose listings take long, and come seldom', async () => {
  let listings = 0;
  const { watch, kinds } = await watched(async function* () {
    listings += 1;
    if (listings === 2) throw new PlatformError('STORE_UNREACHABLE', { doing: 'listing ""', why: 'one 503' });
    await sleep(20);
    yield object(10);
  });
  await waitFor('the listing after the one that failed', () => listings >= 3);
  (await watch.admit(10))();
  expect(kinds).toEqual(['room']);
});

test('who comes to wait while a long listing is under way is told before it ends', async () => {
  let listings = 0;
  let isEnding = false;
  const { watch, kinds } = await watched(async function* () {
    listings += 1;
    yield object(95);
    while (listings > 1 && !isEnding) {
      for (let n = 0; n < 1_000; n += 1) yield object(0);
      await sleep(1);
    }
  });
  await waitFor('the long listing', () => listings === 2);
  const waiting = watch.admit(10).catch((error: unknown) => (error as Error).name);
  await waitFor('the refusal', () => kinds.at(-1) === 'refused');
  expect(listings).toBe(2);
  isEnding = true;
  stop.abort();
  expect(await waiting).toBe('AbortError');
});

test('while somebody waits for room a listing follows the last one after about as long as that took', async () => {
  const startedMs: number[] = [];
  const TOOK_MS = 40;
  const { watch } = await watched(async function* () {
    startedMs.push(performance.now());
    await sleep(TOOK_MS);
    yield object(95);
  });
  const waiting = watch.admit(10).catch((error: unknown) => (error as Error).name);
  await waitFor('listings', () => startedMs.length >= 8);
  const gaps = startedMs.slice(1).map((ms, at) => ms - (startedMs[at] as number));
  // The shortest says what is waited for, whatever else the machine does; a twentieth of the time would be 20.
  expect(Math.min(...gaps) / TOOK_MS).toBeLessThan(10);
  stop.abort();
  expect(await waiting).toBe('AbortError');
});
