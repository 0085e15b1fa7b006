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
});
