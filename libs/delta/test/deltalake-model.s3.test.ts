import { expect, jest, test } from '@jest/globals';
import { bucketPrefix, checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { ModelWorld } from './model/model-run.ts';
import { anyPlan } from './model/model-steps.ts';

jest.setTimeout(600_000);

test('random operations leave our tables and those of deltalake with the same rows, to both readers, after each', async () => {
  await using facts = bucketPrefix('model');
  await using world = await ModelWorld.open(facts);
  await checkProperty(
    fc.asyncProperty(anyPlan, (plan) => world.run(plan)),
    { runs: 6, budgetMs: 240_000 },
  );
  process.stderr.write(`${JSON.stringify(Object.fromEntries(world.counts))}\n`);
  expect(world.counts.get('append')).toBeGreaterThan(0);
});
