import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HistoryBench } from '../../test/history-bench.ts';
import { FORMS } from '../../test/history-streams.ts';
import type { HistoryForm, HistoryTarget } from '../core/history/history-form.ts';

let bench: HistoryBench;
beforeAll(async () => {
  bench = await HistoryBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

interface Made {
  readonly op: 'c' | 'u';
  readonly rows: readonly [first: number, last: number];
  /** SQL of the large value. */
  readonly big: string;
  readonly lacks: boolean;
}

/** Changes of these rows in one transaction. */
function changes(n: number, { op, rows: [first, last], big, lacks }: Made): string {
  return (
    `SELECT i::INTEGER AS id, 'x' AS a, ${n}::INTEGER AS n, ${big}::VARCHAR AS big, 0::BIGINT AS u, '${op}' AS _op, ` +
    `${n}::BIGINT AS _lsn, i::BIGINT AS _seq, 1::BIGINT AS _txid, to_timestamp(${n}) AS _committed_at, 0::INTEGER AS _partition, ` +
    `(${n * 10_000} + i)::BIGINT AS _offset, ${lacks ? "['big']" : 'NULL'}::VARCHAR[] AS _unavailable FROM range(${first}, ${last + 1}) t(i)`
  );
}

const facts = (n: number, unavailable: readonly string[]) => ({
  truncatedAt: null,
  unavailable,
  offset: n * 10_000 + 9_999,
});

test('a flush leaves closed versions alone, and their files do not pile up', async () => {
  const history = await bench.history(FORMS['type 2'] as HistoryForm);
  const [target] = history.targets as [HistoryTarget];
  let rewroteClosed = 0;
  for (let n = 1; n <= 25; n += 1) {
    const sql = changes(n, { op: n === 1 ? 'c' : 'u', rows: [1, 40], big: "'v'", lacks: false });
    await history.log(sql);
    const [commit] = await history.apply(sql, facts(n, []));
    if ((commit?.filesRemoved ?? 0) > 1) rewroteClosed += 1;
  }
  expect(await history.rows(target)).toHaveLength(40 * 25);
  expect(rewroteClosed).toBeLessThanOrEqual(3);
  expect(history.table(target).delta.state.files.size).toBeLessThan(12);
});

test('large values are in every version, also where changes lack them', async () => {
  const history = await bench.history(FORMS['type 2'] as HistoryForm);
  const [target] = history.targets as [HistoryTarget];
  // As random as real documents are, at worst: 102,400 characters that compress to half.
  const big = `(SELECT string_agg(md5(i::VARCHAR || '/' || j::VARCHAR), '') FROM range(3200) r(j))`;
  const apply = async (n: number, made: Made): Promise<void> => {
    const sql = changes(n, made);
    await history.log(sql);
    await history.apply(sql, facts(n, made.lacks ? ['big'] : []));
  };
  for (const n of [1, 2, 3, 4]) await apply(n, { op: 'c', rows: [n * 20 - 19, n * 20], big, lacks: false });
  await apply(5, { op: 'u', rows: [1, 60], big: 'NULL', lacks: true });
  await apply(6, { op: 'u', rows: [41, 80], big: 'NULL', lacks: true });
  expect(await history.lengths(target, 'big')).toEqual(Array.from({ length: 180 }, () => 102_400));
});
