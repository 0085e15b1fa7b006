import { expect, test } from '@jest/globals';
import { decodeAccessMemory, encodeAccessMemory } from './access-memory.ts';
import { listingStart } from './log-dates.ts';
import { ReadTimes } from './read-times.ts';

test('the last read of a file counts, in whatever order reads are told', () => {
  const times = new ReadTimes();
  for (const atMs of [5, 9, 7]) times.note('a b', atMs);
  expect([times.lastReadMs('a%20b'), times.lastReadMs('b')]).toEqual([9, null]);
});

test('memory is bounded: the reads of longest ago are forgotten first', () => {
  const times = new ReadTimes(100);
  for (let n = 0; n < 1_000; n += 1) times.note(`f${n}`, n);
  expect(times.files).toBeLessThanOrEqual(100);
  expect([times.lastReadMs('f999'), times.lastReadMs('f0')]).toEqual([999, null]);
  const same = new ReadTimes(100);
  for (let n = 0; n < 1_000; n += 1) same.note(`f${n}`, 1);
  expect(same.files).toBeLessThanOrEqual(100);
  times.forgetBefore(1_000);
  expect(times.files).toBe(0);
});

test('what is remembered is what was, of the same log only', async () => {
  const times = new ReadTimes();
  times.note('silver/public/orders/kind=\n"x"/part-1.parquet', 1_700_000_000_000);
  times.note('b.parquet', 2);
  const bytes = await encodeAccessMemory({ source: 'logs', readToMs: 7, times });
  const read = await decodeAccessMemory(bytes, 'logs');
  expect([read?.readToMs, [...(read?.times.entries() ?? [])]]).toEqual([7, [...times.entries()]]);
  expect(await decodeAccessMemory(bytes, 'other logs')).toBeNull();
  expect(await decodeAccessMemory(Buffer.from('no zstd'), 'logs')).toBeNull();
});

test('a listing begins two days before what is new, where names tell their day', () => {
  const since = Date.UTC(2026, 10, 25, 12);
  const start = (sample: string) => listingStart('logs/', sample, since);
  expect(start('logs/2026-01-01-00-00-00-ABCDEF')).toBe('logs/2026-11-23');
  expect(start('logs/2026/01/01/2026-01-01-00-00-00-ABCDEF')).toBe('logs/2026/11/23');
  expect(start('logs/access.log')).toBeUndefined();
  expect(listingStart('logs/', 'logs/2026-01-01-00-00-00-A', 0)).toBe('logs/1970-01-01');
});
