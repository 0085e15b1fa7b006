import { describe, expect, test } from '@jest/globals';

import { followSignal, type FollowedSignal } from './follow-signal.ts';
import { parseRequests } from './snapshot-requests-json.ts';
import { NO_REQUESTS, type SnapshotRequests } from './snapshot-requests.ts';

const TABLES = [
  { name: 'public.orders', refusal: null },
  { name: 'public.items', refusal: null },
  { name: 'public.log', refusal: 'it has no key' },
];

function follow(
  type: string,
  data: object | string | null,
  requests: SnapshotRequests = NO_REQUESTS,
  mayHaveCondition = true,
): FollowedSignal {
  const text = data === null || typeof data === 'string' ? data : JSON.stringify(data);
  return followSignal(requests, { id: 'a', type, data: text, mayHaveCondition }, TABLES, 5);
}

describe('a signal', () => {
  test('asks for tables by name, by pattern or by a regular expression of a plain name, each once', () => {
    const { requests, refused } = follow('execute-snapshot', {
      'data-collections': ['public\\.orders', 'public.*'],
      'additional-conditions': [{ 'data-collection': 'public.*', filter: 'n > 1' }],
    });
    expect(refused).toEqual([]);
    expect(requests.queue.map(({ table, filter }) => [table, filter])).toEqual([
      ['public.orders', 'n > 1'],
      ['public.items', 'n > 1'],
    ]);
  });

  test('takes the older form of one condition for all', () => {
    const data = { 'data-collections': ['public.orders'], 'additional-condition': 'n = 2' };
    expect(follow('execute-snapshot', data).requests.queue).toMatchObject([{ filter: 'n = 2' }]);
  });

  test('with a condition is refused where its sender may not have SQL run, and one without is not', () => {
    const whole = { 'data-collections': ['public.orders'] };
    const part = { ...whole, 'additional-condition': 'leak()' };
    const { requests, refused } = follow('execute-snapshot', part, NO_REQUESTS, false);
    expect(requests.queue).toEqual([]);
    expect(refused).toEqual([expect.stringContaining('signalTable')]);
    expect(follow('execute-snapshot', whole, NO_REQUESTS, false).requests.queue).toHaveLength(1);
  });

  test.each([
    { 'data-collections': ['public.orders'], 'additional-conditions': [null] },
    { 'data-collections': ['public.orders'], 'additional-conditions': ['x'] },
    `{"data-collections":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  ])('of the wrong form is refused and throws nothing', (data) => {
    expect(follow('execute-snapshot', data).refused).toHaveLength(1);
  });

  test('does what it can of several tables, and tells the rest', () => {
    const { requests, refused } = follow('execute-snapshot', {
      'data-collections': ['public.orders', 'public.log', 'public.nothing'],
    });
    expect(requests.queue.map(({ table }) => table)).toEqual(['public.orders']);
    expect(refused).toEqual(['public.log: it has no key', 'public.nothing: no captured table has this name']);
    expect(requests.outcomes).toMatchObject([
      { table: 'public.log', result: 'refused' },
      { table: 'public.nothing', result: 'refused' },
    ]);
  });

  test('stops some or all, pauses, resumes and logs', () => {
    const both = follow('execute-snapshot', {
      'data-collections': ['public.orders', 'public.items'],
    }).requests;
    const one = follow('stop-snapshot', { 'data-collections': ['public.orders'] }, both).requests;
    expect(one.queue.map(({ table }) => table)).toEqual(['public.items']);
    expect(one.outcomes).toMatchObject([{ table: 'public.orders', result: 'stopped', atMs: 5 }]);
    expect(follow('stop-snapshot', null, both).requests.queue).toEqual([]);
    const paused = follow('pause-snapshot', null, both).requests;
    expect([paused.paused, follow('resume-snapshot', null, paused).requests.paused]).toEqual([true, false]);
    expect(follow('log', { message: 'hello' }).log).toBe('hello');
  });

  test.each([
    ['execute-snapshot', null],
    ['execute-snapshot', 'not json'],
    ['execute-snapshot', '[]'],
    ['execute-snapshot', {}],
    ['execute-snapshot', { 'data-collections': ['public.orders'], type: 'blocking' }],
    ['execute-snapshot', { 'data-collections': ['public.orders'], 'surrogate-key': 'n' }],
    [
      'execute-snapshot',
      { 'data-collections': ['public.orders'], 'additional-conditions': [{ filter: 'true' }] },
    ],
    ['execute-snapshot', { 'data-collections': [7] }],
    ['execute-snapshot', { 'data-collections': ['public.orders'], 'additional-conditions': [null] }],
    ['execute-snapshot', { 'data-collections': ['public.orders'], 'additional-conditions': [[]] }],
    ['stop-snapshot', { 'data-collections': [{}] }],
    ['drop-everything', {}],
  ])('of the wrong form changes nothing but is told: %s %j', (type, data) => {
    expectRefused(type, data);
  });

  test.each<[string, object | string]>([
    ['names', { 'data-collections': Array.from({ length: 1001 }, (_, i) => `public.t${i}`) }],
    ['characters of a name', { 'data-collections': [`public.${'x'.repeat(300)}`] }],
    [
      'bytes of a condition',
      { 'data-collections': ['public.orders'], 'additional-condition': `n > ${'1'.repeat(9000)}` },
    ],
    ['bytes', `{"data-collections": ["public.orders"]}${' '.repeat(70_000)}`],
    ['brackets', '['.repeat(20_000)],
  ])('with too many %s is refused', (_, data) => {
    expectRefused('execute-snapshot', data);
  });

  function expectRefused(type: string, data: object | string | null): void {
    const { requests, refused } = follow(type, data);
    expect(refused.length).toBe(1);
    expect(requests).toEqual({
      ...NO_REQUESTS,
      outcomes: [expect.objectContaining({ signal: 'a', result: 'refused' })],
    });
  }
});

test('requests come back from a progress record as they were', () => {
  const asked = follow('execute-snapshot', { 'data-collections': ['public.orders', 'public.log'] }).requests;
  const run = {
    oid: 7,
    shape: 'x',
    after: ["it's", '2'],
    ended: true,
    chunks: 3,
    rows: 20,
    passed: 30,
    estimatedRows: -1,
    startedMs: 9,
  };
  const requests = {
    ...asked,
    paused: true,
    queue: asked.queue.map((one) => ({ ...one, run, owed: [['1', '2']] })),
  };
  expect(parseRequests(JSON.parse(JSON.stringify(requests)))).toEqual(requests);
  expect(parseRequests(undefined)).toEqual(NO_REQUESTS);
  expect(() => parseRequests({ queue: 1 })).toThrow(TypeError);
});
