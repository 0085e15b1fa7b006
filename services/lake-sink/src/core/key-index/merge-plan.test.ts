import { expect, test } from '@jest/globals';
import { planRunMerge } from './merge-plan.ts';

const runs = (count: number, size: number): number[] => Array.from({ length: count }, () => size);

test('eight runs of a size become one; fewer, or unlike ones, stay', () => {
  expect(planRunMerge(runs(7, 20_000), 140_000)).toEqual([]);
  expect(planRunMerge([16_000_000, ...runs(7, 20_000)], 16_140_000)).toEqual([]);
  expect(planRunMerge([16_000_000, ...runs(8, 20_000)], 16_160_000)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(planRunMerge(runs(8, 2_000_000), 16_000_000)).toHaveLength(8);
});

test('entries of files that are gone are cleaned up once they are half of all', () => {
  expect(planRunMerge([10_000_000, 9_000_000], 10_000_000)).toEqual([]);
  expect(planRunMerge([10_000_000, 11_000_000], 10_000_000)).toEqual([0, 1]);
  expect(planRunMerge([10_000_000], 0)).toEqual([]);
});

test('each entry is written a handful of times, and few runs are left to look into', () => {
  const sizes: number[] = [];
  let live = 0;
  let written = 0;
  for (let flush = 0; flush < 2_000; flush += 1) {
    sizes.push(20_000);
    live += 20_000;
    written += 20_000;
    for (let chosen = planRunMerge(sizes, live); chosen.length > 0; chosen = planRunMerge(sizes, live)) {
      const merged = chosen.reduce((sum, at) => sum + (sizes[at] as number), 0);
      const kept = sizes.filter((_, at) => !chosen.includes(at));
      sizes.splice(0, sizes.length, ...kept, merged);
      written += merged;
    }
    expect(sizes.length).toBeLessThanOrEqual(28);
  }
  expect(written / live).toBeLessThan(6);
});
