import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import { HistoryBench } from './history-bench.ts';
import { historyProperty } from './history-property.ts';
import { FORMS } from './history-streams.ts';

let bench: HistoryBench;
beforeAll(async () => {
  bench = await HistoryBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

describe.each(Object.entries(FORMS))('%s', (_, form) => {
  test('equals the brute-force history after every batch of long streams', async () => {
    await checkProperty(historyProperty(bench, form, { min: 10, max: 40, keys: 5 }), { budgetMs: 300_000 });
  });
});
