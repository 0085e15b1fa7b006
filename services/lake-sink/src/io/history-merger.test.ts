import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkProperty } from '@hasivu/testing';
import { changesSql, HistoryBench } from '../../test/history-bench.ts';
import { sourceStateAt, type SourceChange } from '../../test/history-oracle.ts';
import { historyProperty, sorted } from '../../test/history-property.ts';
import { batches, COLUMNS, FORMS, sourceChanges } from '../../test/history-streams.ts';
import type { HistoryForm, HistoryTarget } from '../core/history/history-form.ts';

let bench: HistoryBench;
beforeAll(async () => {
  bench = await HistoryBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

// Short streams: the engine takes some 100 ms for a batch. history.storm.test.ts has the long ones.
const SIZE = { min: 1, max: 10, keys: 3 };

describe.each(Object.entries(FORMS))('%s', (_, form) => {
  test('equals the brute-force history after every batch, however changes are ordered, repeated and batched', async () => {
    await checkProperty(historyProperty(bench, form, SIZE), { budgetMs: 3_000, runs: 8 });
  });
});

test('type 2 read as of any LSN is the source at that LSN', async () => {
  const form = FORMS['type 2'] as HistoryForm;
  await checkProperty(
    fc.asyncProperty(
      sourceChanges(SIZE).chain((changes) =>
        fc.record({ changes: fc.constant(changes), sent: batches(changes) }),
      ),
      async ({ changes, sent }) => {
        const history = await bench.history(form);
        let from = 0;
        for (const batch of sent) {
          await history.log(changesSql(batch, from));
          await history.applyChanges(batch, from);
          from += batch.length;
        }
        const rows = await history.rows(history.targets[0] as HistoryTarget);
        for (const lsn of new Set(changes.map((change) => change.lsn))) {
          const valid = rows.filter(
            (row) =>
              Number(row['_from_lsn']) <= lsn && (row['_to_lsn'] === null || Number(row['_to_lsn']) > lsn),
          );
          const state = sourceStateAt(COLUMNS, changes, lsn);
          const found = valid.map((row) => ({
            id: row['id'],
            ...Object.fromEntries(COLUMNS.map((name) => [name, row[name]])),
          }));
          expect(sorted(found)).toEqual(sorted([...state].map(([id, values]) => ({ id, ...values }))));
        }
      },
    ),
    { budgetMs: 3_000, runs: 8 },
  );
});

test('a late change leaves versions alone whose changes the log has lost', async () => {
  const history = await bench.history(FORMS['type 2'] as HistoryForm);
  const change = (lsn: number, op: 'c' | 'u' | 'd'): SourceChange => ({
    op,
    lsn,
    seq: 0,
    at: 1_790_000_000 + lsn,
    key: 1,
    values: { a: String(lsn), n: 1, big: 'b', u: 1 },
    unavailable: [],
  });
  const first = [change(10, 'c'), change(20, 'u'), change(30, 'd'), change(40, 'c'), change(50, 'u')];
  await history.log(changesSql(first, 0));
  await history.applyChanges(first, 0);
  await history.forgetLog();
  const late = [change(25, 'u')];
  await history.log(changesSql(late, 5));
  await history.applyChanges(late, 5);
  const rows = await history.rows(history.targets[0] as HistoryTarget);
  const shown = rows.map((row) => [row['a'], row['_from_lsn'], row['_to_lsn']].map(String).join(' '));
  expect(shown.sort()).toEqual(['10 10 20', '20 20 25', '25 25 30', '40 40 50', '50 50 null']);
});
