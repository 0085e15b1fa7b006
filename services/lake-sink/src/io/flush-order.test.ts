import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { PlatformError } from '@hasivu/errors';
import { CapacityWatch, NO_CAPACITY, type CapacityState, type Room } from '@hasivu/lake-engine';
import { countingStore, MemoryStore } from '@hasivu/object-store';
import { waitFor } from '@hasivu/testing';
import { inserted, LogBench } from '../../test/log-bench.ts';

const noise = (rows: number): string[] =>
  Array.from({ length: rows }, () => randomBytes(300).toString('hex'));

test('a small batch does not overtake a large one that waits for room when the sink is stopped: the next start reads both', async () => {
  const lake = new MemoryStore();
  await lake.put('other', new Uint8Array(60_000));
  const stop = new AbortController();
  let state: CapacityState | null = null;
  const watch = new CapacityWatch({
    store: lake,
    maxBytes: 80_000,
    warnAtRatio: 0.8,
    listEveryMs: 1_000,
    recheckEveryMs: 50,
    onUsage: () => undefined,
    onState: (next) => void (state = next),
    onFailed: () => undefined,
    alive: () => undefined,
    signal: stop.signal,
  });
  const bench = new LogBench(countingStore(lake, watch.stored), watch);
  const { writer } = await bench.writer('t');
  await watch.open();
  const running = Promise.all([bench.loop([writer], 8 << 20).run(stop.signal), watch.run()]).then(
    () => 'ended',
    (error: unknown) => (error as Error).name,
  );
  await writer.consume(inserted('t', noise(100), 0));
  await waitFor('the refusal of the large one', () => state?.kind === 'refused');
  await writer.consume(inserted('t', ['small'], 100));
  stop.abort();
  expect(await running).toBe('AbortError');
  expect((await bench.table('t')).delta.state.files.size).toBe(0);
  const next = await new LogBench(lake, NO_CAPACITY).writer('t');
  expect(next.startOffset).toBe(0);
});

test('after a flush that failed nothing later becomes durable', async () => {
  const lake = new MemoryStore();
  let asked = 0;
  const failsOnce: Room = {
    fits: () => true,
    admit: (bytes) => {
      if (bytes > 0 && (asked += 1) === 1)
        return Promise.reject(new PlatformError('STORE_UNREACHABLE', { doing: 'storing the first batch' }));
      return Promise.resolve(() => undefined);
    },
  };
  const { writer } = await new LogBench(lake, failsOnce).writer('t');
  await writer.consume(inserted('t', ['first'], 0));
  await expect(writer.flush()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  await writer.consume(inserted('t', ['second'], 1));
  await expect(writer.flush()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  expect((await new LogBench(lake, NO_CAPACITY).writer('t')).startOffset).toBe(0);
});
