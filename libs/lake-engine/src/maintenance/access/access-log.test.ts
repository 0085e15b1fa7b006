import { expect, test } from '@jest/globals';
import { MemoryStore } from '../../../../object-store/src/index.ts';
import { followAccessLog } from './access-log.ts';
import { ReadTimes } from './read-times.ts';

const rule = { bucket: 'b', keyPrefix: 'lake/', ignoreRequesters: [], ignoreUserAgents: [] };
const HOUR = 3_600_000;
const line = (file: number): string =>
  `o b [25/Nov/2026:10:04:12 +0000] 192.0.2.3 r 3E57 REST.GET.OBJECT lake/silver/public/orders/ö-${file}.parquet "GET / HTTP/1.1" 200 - 1 1 1 1 "-" "Spark" - h= SigV4`;

/** The store's clock is real; the moments are as far from it as the test says. */
async function follow(store: MemoryStore, readToMs: number | null, sinceMs = 0) {
  const seen: string[] = [];
  const watched = {
    get: (key: string, range?: { readonly start: number; readonly end: number }) => {
      seen.push(`${key} ${(range?.end ?? 0) - (range?.start ?? 0)}`);
      return store.get(key, range);
    },
    list: (prefix: string, startAfter?: string) => store.list(prefix, startAfter),
  };
  const memory = { source: 's', readToMs, times: new ReadTimes() };
  return { ...(await followAccessLog({ store: watched, prefix: 'logs/' }, memory, { rule, sinceMs })), seen };
}

test('an object is read a part at a time, and no line is lost at the ends of the parts', async () => {
  const store = new MemoryStore();
  const count = 20_000;
  const text = Array.from({ length: count }, (_, n) => line(n)).join('\n');
  await store.put('logs/2026-11-25-10-00-00-A', Buffer.from(text));
  const { memory, counts, seen } = await follow(store, null);
  expect(counts).toMatchObject({ objects: 1, reads: count, malformed: 0, other: 0 });
  expect(memory.times.files).toBe(count);
  expect(seen.length).toBeGreaterThan(2);
  for (const one of seen) expect(Number(one.split(' ')[1])).toBeLessThanOrEqual(1 << 20);
});

test('a read of after its own object is as old as the object: a wrong clock keeps no file hot', async () => {
  const store = new MemoryStore();
  const text = [line(1).replace('2026', '2126'), line(2).replace('2026', '2016')].join('\n');
  await store.put('logs/2026-11-25-10-00-00-A', Buffer.from(text));
  const { memory, counts } = await follow(store, null);
  expect(counts.reads).toBe(2);
  const key = (file: number): string => `silver/public/orders/ö-${file}.parquet`;
  expect(memory.times.lastReadMs(key(1))).toBe(memory.readToMs);
  expect(memory.times.lastReadMs(key(2))).toBe(Date.UTC(2016, 10, 25, 10, 4, 12));
});

test('what was written well before the last look is not read again, what came about then is', async () => {
  const store = new MemoryStore();
  await store.put('logs/2026-11-25-10-00-00-A', Buffer.from(line(1)));
  const now = Date.now();
  expect((await follow(store, now + 2 * HOUR)).counts.objects).toBe(0);
  expect((await follow(store, now + HOUR / 2)).counts.objects).toBe(1);
  expect((await follow(store, null, now + HOUR)).counts.objects).toBe(0);
});

test('stopped, it has told nothing of how far it came', async () => {
  const store = new MemoryStore();
  await store.put('logs/2026-11-25-10-00-00-A', Buffer.from(line(1)));
  const memory = { source: 's', readToMs: 5, times: new ReadTimes() };
  const signal = AbortSignal.abort();
  const end = await followAccessLog({ store, prefix: 'logs/' }, memory, { rule, sinceMs: 0, signal });
  expect([end.stopped, end.memory.readToMs]).toEqual([true, 5]);
});
