import { expect, test } from '@jest/globals';
import { MemoryStore } from '@hasivu/object-store';
import { waitFor } from '@hasivu/testing';
import { Registry } from 'prom-client';
import { createSinkMetrics } from '../metrics.ts';
import { sinkCapacity } from './sink-capacity.ts';

test('what readiness says of a refusal has the newest numbers; the log and the counters have the first', async () => {
  const lake = new MemoryStore();
  await lake.put('bronze/public/t/a.parquet', new Uint8Array(95));
  const stop = new AbortController();
  const [readiness, logs, counted]: [[boolean, string | undefined][], object[], unknown[]] = [[], [], []];
  const log = (facts: object): void => void logs.push(facts);
  const metrics = createSinkMetrics(new Registry());
  const { room, capacity } = sinkCapacity(
    { maxBytes: 100, warnAtRatio: 0.8, listEveryMs: 20, recheckEveryMs: 20 },
    lake,
    metrics,
    {
      logger: { info: log, warn: log, error: log } as never,
      countError: (error) => void counted.push(error),
      ready: (isReady, reason) => void readiness.push([isReady, reason]),
      alive: () => undefined,
      signal: stop.signal,
    },
  );
  await capacity?.open();
  expect(readiness.at(-1)).toEqual([true, 'ready, but the lake is at 95.0 % of its capacity']);
  const running = capacity?.run();
  const waiting = room.admit(10).catch((error: unknown) => (error as Error).name);
  const says = (text: string) => () =>
    readiness.at(-1)?.[0] === false && readiness.at(-1)?.[1]?.includes(text);
  await waitFor('the refusal', says('95 bytes of 100'));
  await lake.put('bronze/public/t/b.parquet', new Uint8Array(2));
  await waitFor('the newest numbers', says('97 bytes of 100, and 10 more were to be written: 7 too many'));
  expect([counted.length, logs.length]).toEqual([1, 2]);
  expect((await metrics.warnBytes.get()).values[0]?.value).toBe(80);
  stop.abort();
  await running;
  expect(await waiting).toBe('AbortError');
});
