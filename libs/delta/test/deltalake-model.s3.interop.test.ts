import { expect, jest, test } from '@jest/globals';
import { bucketPrefix, checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { ModelWorld } from './model/model-run.ts';
import { anyPlan } from './model/model-steps.ts';

jest.setTimeout(3_600_000);

test('the same for minutes, from a random seed: every kind of operation, both ways', async () => {
  await using facts = bucketPrefix('model');
  await using world = await ModelWorld.open(facts);
  const { runs, seed } = await checkProperty(
    fc.asyncProperty(anyPlan, (plan) => world.run(plan)),
    { budgetMs: 300_000 },
  );
  process.stderr.write(`${JSON.stringify({ runs, seed, ...Object.fromEntries(world.counts) })}\n`);
  expect(world.counts.size).toBe(11);
});
