import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkProperty } from './check-property.ts';

describe('checkProperty', () => {
  test('tries at least a few inputs however short the budget is', async () => {
    const { runs } = await checkProperty(
      fc.property(fc.integer(), (value) => value === value),
      { budgetMs: 0 },
    );
    expect(runs).toBeGreaterThanOrEqual(10);
  });
  test('a failure names the seed that repeats it', async () => {
    const failing = checkProperty(
      fc.property(fc.integer({ min: 0, max: 1000 }), (value) => value < 0),
      { runs: 20 },
    );
    await expect(failing).rejects.toThrow(/PROPERTY_SEED=\d+/);
  });
  test('an asynchronous property is awaited', async () => {
    const failing = checkProperty(
      fc.asyncProperty(fc.integer(), () => Promise.resolve(false)),
      { runs: 20 },
    );
    await expect(failing).rejects.toThrow('property failed');
  });
  test('the input at which the time runs out is tried to its end, and its failure counts', async () => {
    let running = 0;
    let tried = 0;
    const slow = (fails: boolean) =>
      fc.asyncProperty(fc.integer(), async () => {
        running += 1;
        await setTimeout(tried < 10 ? 0 : 200);
        tried += 1;
        running -= 1;
        return !fails || tried <= 10;
      });
    await checkProperty(slow(false), { budgetMs: 100 });
    expect(running).toBe(0);
    tried = 0;
    await expect(checkProperty(slow(true), { budgetMs: 100 })).rejects.toThrow('property failed');
    expect(running).toBe(0);
  });
});
