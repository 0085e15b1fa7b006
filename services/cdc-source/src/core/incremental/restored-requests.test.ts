import { expect, test } from '@jest/globals';

import { restoredRequests } from './restored-requests.ts';
import { NO_REQUESTS, type SnapshotRequest } from './snapshot-requests.ts';

const asked = (table: string): SnapshotRequest => ({
  signal: 'a',
  table,
  filter: null,
  owed: [],
  again: false,
  run: null,
});

test('a request of an earlier life for a table that is no longer captured, or can no longer be read, ends', () => {
  const tables = [
    { name: 'public.orders', refusal: null },
    { name: 'public.log', refusal: 'it has no key' },
  ];
  const queue = ['public.secret', 'public.orders', 'public.log'].map(asked);
  const { requests, refused } = restoredRequests({ ...NO_REQUESTS, queue }, tables, 5);
  expect(requests.queue).toEqual([asked('public.orders')]);
  expect(requests.outcomes).toMatchObject(
    [
      { table: 'public.secret', result: 'failed', code: 'SOURCE_SIGNAL_INVALID', reason: /no longer/ },
      { table: 'public.log', result: 'failed', reason: 'it has no key' },
    ].map((one) => ({ ...one, reason: expect.stringMatching(one.reason) })),
  );
  expect(refused.map(({ request }) => request.table)).toEqual(['public.secret', 'public.log']);
  const kept = { ...NO_REQUESTS, queue: [asked('public.orders')] };
  expect(restoredRequests(kept, tables, 5).requests).toBe(kept);
});
