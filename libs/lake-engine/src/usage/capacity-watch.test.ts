import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PlatformError } from '@hasivu/errors';
import { waitFor } from '@hasivu/testing';
import { MemoryStore } from '../../../object-store/src/index.ts';
import type { CapacityState } from './core/capacity-state.ts';
import { CapacityWatch, type CapacityWatchOptions } from './capacity-watch.ts';

const EVERY = 20;
let stop = new AbortController();
let running: Promise<void> = Promise.resolve();
afterEach(async () => {
  stop.abort();
  await running;
  stop = new AbortController();
});

/** A lake of 100 bytes that is watched; `denied` makes its listings fail. */
async function watched(
  usedBytes: number,
  more: Partial<CapacityWatchOptions> = {},
): Promise<{
  readonly watch: CapacityWatch;
  readonly lake: MemoryStore;
  readonly states: CapacityState[];
  readonly listings: { count: number; denied: boolean; failed: number };
}> {
  const lake = new MemoryStore();
  const states: CapacityState[] = [];
  const listings = { count: 0, denied: false, failed: 0 };
  await lake.put('bronze/public/orders/a.parquet', new Uint8Array(usedBytes));
  const watch = new CapacityWatch({
    store: {
      list: (prefix) => {
        listings.count += 1;
        if (listings.denied)
          throw new PlatformError('STORE_DENIED', {
            doing: 'listing ""',
            why: 'the store answered AccessDenied',
          });
        return lake.list(prefix);
      },
    },
    maxBytes: 100,
    warnAtRatio: 0.8,
    listEveryMs: EVERY,
    recheckEveryMs: EVERY,
    onUsage: () => undefined,
    onState: (state) => void states.push(state),
    onFailed: () => void (listings.failed += 1),
    alive: () => undefined,
    signal: stop.signal,
    ...more,
  });
  await watch.open();
  running = watch.run();
  return { watch, lake, states, listings };
}

const kinds = (states: readonly CapacityState[]): string[] => states.map(({ kind }) => kind);

describe('a lake that is full', () => {
  test('lets writers wait until a listing finds room, and says so once each', async () => {
    const { watch, lake, states } = await watched(95);
    let admitted = false;
    const admission = watch.admit(10).then((release) => {
      admitted = true;
      release();
    });
    await waitFor('the refusal', () => kinds(states).at(-1) === 'refused');
    await sleep(10 * EVERY);
    expect([admitted, kinds(states)]).toEqual([false, ['warn', 'refused']]);
    const last = states.at(-1);
    expect(last?.kind === 'refused' ? [last.error.code, last.error.context] : []).toEqual([
      'LAKE_CAPACITY_EXCEEDED',
      { usedBytes: 95, capacityBytes: 100, wantedBytes: 10, overBytes: 5 },
    ]);
    await lake.put('bronze/public/orders/a.parquet', new Uint8Array(30));
    await admission;
    await waitFor('room', () => kinds(states).at(-1) === 'room');
    expect(kinds(states)).toEqual(['warn', 'refused', 'room']);
  });

  test('is seen by what this process stores, without a listing', async () => {
    const { watch, listings } = await watched(10, { listEveryMs: 60_000, recheckEveryMs: 60_000 });
    (await watch.admit(50))();
    watch.stored(85);
    const waiting = watch.admit(10).catch((error: unknown) => (error as Error).name);
    await waitFor('the refusal', () => watch.state?.kind === 'refused');
    expect([listings.count, watch.usedBytes]).toEqual([1, 95]);
    stop.abort();
    expect(await waiting).toBe('AbortError');
  });

  test('lets what is small go on while what is large waits', async () => {
    const { watch, states } = await watched(90);
    const large = watch.admit(20).catch((error: unknown) => (error as Error).name);
    await waitFor('the refusal', () => kinds(states).at(-1) === 'refused');
    for (let n = 0; n < 5; n += 1) (await watch.admit(5))();
    expect(kinds(states)).toEqual(['warn', 'refused']);
    stop.abort();
    expect(await large).toBe('AbortError');
  });
});

test('room that others have reserved is waited for quietly, and without asking again and again', async () => {
  const { watch, states } = await watched(10, { listEveryMs: 60_000, recheckEveryMs: 60_000 });
  const first = await watch.admit(60);
  let second: (() => void) | null = null;
  const admission = watch.admit(60).then((release) => (second = release));
  // A loop of promises would not let this timer come.
  await sleep(5 * EVERY);
  expect([second, kinds(states)]).toEqual([null, ['room']]);
  expect(watch.tryReserve(60)).toBeNull();
  first();
  await admission;
  expect([second === null, kinds(states)]).toEqual([false, ['room']]);
});

test('a listing that fails changes nothing for three intervals; then nothing is written until one succeeds', async () => {
  const { watch, states, listings } = await watched(10, { listEveryMs: 40 });
  listings.denied = true;
  await waitFor('a failed listing', () => listings.failed > 0);
  expect(watch.state?.kind).toBe('room');
  (await watch.admit(10))();
  await waitFor('the refusal', () => kinds(states).at(-1) === 'refused');
  const last = states.at(-1);
  expect(last?.kind === 'refused' ? [last.error.code, last.error.context['storeCode']] : []).toEqual([
    'LAKE_CAPACITY_UNKNOWN',
    'STORE_DENIED',
  ]);
  let admitted = false;
  const admission = watch.admit(10).then((release) => {
    admitted = true;
    release();
  });
  await sleep(100);
  expect(admitted).toBe(false);
  listings.denied = false;
  await admission;
  expect(kinds(states)).toEqual(['room', 'refused', 'room']);
});

test('a lake that cannot be listed at the start is an error', async () => {
  const watch = new CapacityWatch({
    store: {
      list: () => {
        throw new PlatformError('STORE_UNREACHABLE', { doing: 'listing ""' });
      },
    },
    maxBytes: 100,
    warnAtRatio: 0.8,
    listEveryMs: EVERY,
    recheckEveryMs: EVERY,
    onUsage: () => undefined,
    onState: () => undefined,
    onFailed: () => undefined,
    alive: () => undefined,
    signal: stop.signal,
  });
  await expect(watch.open()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
});

test('what others must not wait behind is refused where it does not fit, and waits where it only has to wait for others', async () => {
  const { watch, states } = await watched(10, { listEveryMs: 60_000, recheckEveryMs: 60_000 });
  const rewriting = { doing: 'rewriting the files of a table' };
  await expect(watch.admit(91, rewriting)).rejects.toMatchObject({
    code: 'LAKE_TABLE_WITHOUT_ROOM',
    context: { usedBytes: 10, capacityBytes: 100, wantedBytes: 91 },
  });
  const release = await watch.admit(60);
  let admitted = false;
  const admission = watch.admit(60, rewriting).then(() => (admitted = true));
  await sleep(2 * EVERY);
  expect([admitted, watch.fits(60)]).toEqual([false, true]);
  release();
  await admission;
  // Nobody is told of a lake that is full.
  expect(kinds(states)).toEqual(['room']);
});

test('what is larger than the whole capacity is refused, whoever asks', async () => {
  const { watch } = await watched(10);
  await expect(watch.admit(101)).rejects.toMatchObject({ code: 'LAKE_TABLE_WITHOUT_ROOM' });
  expect(watch.fits(101)).toBe(false);
});
