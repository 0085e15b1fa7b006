import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { atOnce } from './at-once.ts';

test('answers come in the order of the items, and no more than asked for at a time', async () => {
  let running = 0;
  let most = 0;
  const answers = await atOnce([5, 1, 4, 2, 3], 2, async (n) => {
    most = Math.max(most, (running += 1));
    await sleep(n);
    running -= 1;
    return 10 * n;
  });
  expect([answers, most, running]).toEqual([[50, 10, 40, 20, 30], 2, 0]);
  expect(await atOnce([], 2, () => Promise.reject(new Error('never')))).toEqual([]);
});

test('after a failure nothing is begun, and nothing goes on once it is told', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = atOnce([1, 2, 3, 4], 2, async (n) => {
    begun.push(n);
    if (n === 1) throw new Error('the first');
    await sleep(20);
    ended.push(n);
  });
  await expect(work).rejects.toThrow('the first');
  expect([begun, ended]).toEqual([[1, 2], [2]]);
});
