import { expect, test } from '@jest/globals';

import { afterChunk } from './chunk-plan.ts';
import { followSignal } from './follow-signal.ts';
import { OwedKeys } from './owed-keys.ts';
import { requestBounds } from './request-bounds.ts';
import { parseRequests } from './snapshot-requests-json.ts';
import {
  finishFirst,
  NO_REQUESTS,
  withFirst,
  withOwed,
  type SnapshotRequests,
  type TableRun,
} from './snapshot-requests.ts';

const TABLES = Array.from({ length: 2_000 }, (_, i) => ({ name: `public.t${i}`, refusal: null }));
const RUN: TableRun = {
  oid: 1,
  shape: 'x',
  after: null,
  ended: false,
  chunks: 1,
  rows: 7,
  passed: 7,
  estimatedRows: -1,
  startedMs: 0,
};

function ask(requests: SnapshotRequests, id: string, table: string, filter?: string): SnapshotRequests {
  const data = JSON.stringify({ 'data-collections': [table], 'additional-condition': filter });
  const signal = { id, type: 'execute-snapshot', data, mayHaveCondition: true };
  return followSignal(requests, signal, TABLES, 5).requests;
}

test('signals for the same rows wait as one request, and each has its outcome', () => {
  let requests = ask(ask(NO_REQUESTS, 'a', 'public.t1'), 'b', 'public.t1', 'n > 1');
  requests = ask(ask(requests, 'c', 'public.t1'), 'c', 'public.t1');
  expect(requests.queue).toMatchObject([
    { signal: 'a', also: ['c'], filter: null },
    { signal: 'b', filter: 'n > 1' },
  ]);
  requests = parseRequests(JSON.parse(JSON.stringify(requests)));
  // Rows that were written already are older than the signal: they are read again.
  requests = ask(ask(withFirst(requests, { run: RUN }), 'd', 'public.t1'), 'e', 'public.t1');
  expect(requests.queue.map(({ signal, also }) => [signal, also])).toEqual([
    ['a', ['c']],
    ['b', undefined],
    ['d', ['e']],
  ]);
  const { outcomes } = finishFirst(requests, { result: 'done', atMs: 9 });
  expect(outcomes.map(({ signal, result, rows }) => [signal, result, rows])).toEqual([
    ['a', 'done', 7],
    ['c', 'done', 7],
  ]);
});

test('as many requests wait as a progress record has room for; of the others the signal is told', () => {
  const { requests } = followSignal(
    NO_REQUESTS,
    {
      id: 'a',
      type: 'execute-snapshot',
      data: '{"data-collections": ["public.*"]}',
      mayHaveCondition: true,
    },
    TABLES,
    5,
  );
  expect(requests.queue).toHaveLength(1_000);
  expect(requests.outcomes).toMatchObject([{ table: 'public.t1000', result: 'refused' }]);
  let full = NO_REQUESTS;
  for (let i = 0; i < 500; i++) full = ask(full, `${i}`, `public.t${i}`, `n <> '${'é'.repeat(3_000)}'`);
  for (let i = 0; i < 500; i++)
    full = ask(full, `${i}`.repeat(40), 'public.t1', `n <> '${'é'.repeat(3_000)}'`);
  expect(Buffer.byteLength(JSON.stringify(full))).toBeLessThan(600 * 1024);
  expect(full.outcomes.at(-1)).toMatchObject({ result: 'refused' });
});

test('with records of 64 KiB, requests take less', () => {
  const { queueBytes, owedBytes } = requestBounds(64 * 1024);
  expect([queueBytes, owedBytes]).toEqual([16 * 1024, 16 * 1024]);
});

test('keys whose rows are owed have a bound in number and in bytes: beyond it the table is read again', () => {
  const first = ask(NO_REQUESTS, 'a', 'public.t1');
  const wide = (i: number): string[] => [`${i}`.padEnd(2_000, 'é')];
  const few = withOwed(first, [wide(1), wide(2), wide(1)], 256 * 1024);
  expect(few.queue).toMatchObject([{ owed: [wide(1), wide(2)], again: false }]);
  const many = withOwed(
    few,
    Array.from({ length: 100 }, (_, i) => wide(i)),
    256 * 1024,
  );
  expect(many.queue).toMatchObject([{ owed: [], again: true }]);
  const { next } = afterChunk(
    many,
    { scope: { kind: 'after', after: null }, last: null, passed: 1, rows: 1, owed: [], table: RUN },
    5,
    1,
  );
  expect(next).toBe('anew');
});

test('an owed key is noted once, without a look at the others', () => {
  const owed = new OwedKeys({ owed: [['1']], again: false }, 1e6);
  expect([owed.add(['1'], '["1"]'), owed.add(['2'], '["2"]'), owed.add(['2'], '["2"]')]).toEqual([
    false,
    true,
    false,
  ]);
  for (let i = 0; i < 5_000; i++) owed.add([`${i}`], `["${i}"]`);
  expect([owed.again, owed.keys.length]).toEqual([false, 5_000]);
  owed.add(['x'], '["x"]');
  expect([owed.again, owed.keys]).toEqual([true, []]);
});
