import { describe, expect, test } from '@jest/globals';
import type { AddFile } from '@hasivu/delta';
import { LIST_PRICES, tierCost } from './tier-cost.ts';
import { planTiers, tierOf, type StoredFile, type TierRule } from './tier-plan.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 25);
const RULES: readonly TierRule[] = [
  { tier: 'warm', afterMs: 30 * DAY, storageClass: 'STANDARD_IA' },
  { tier: 'cold', afterMs: 180 * DAY, storageClass: 'GLACIER_IR' },
];
const COLUMN = '_committed_at';

function stored(
  days: number,
  more: Partial<StoredFile> & { readonly size?: number; readonly rewritten?: boolean } = {},
): StoredFile {
  const at = new Date(NOW - days * DAY).toISOString();
  const file: AddFile = {
    path: `f${days}`,
    partitionValues: {},
    size: more.size ?? 1_000_000_000,
    modificationTime: more.rewritten === true ? NOW : NOW - days * DAY,
    dataChange: true,
    stats: `{"numRecords":1,"minValues":{"${COLUMN}":"${at}"},"maxValues":{"${COLUMN}":"${at}"},"nullCount":{}}`,
  };
  return { file, storageClass: 'STANDARD', lastReadMs: null, ...more };
}
const classOf = (file: StoredFile, column: string | null = COLUMN): string => {
  const [move] = planTiers([file], RULES, column, NOW).moves;
  return move?.to ?? file.storageClass;
};

describe('the class of a file', () => {
  test.each([
    ['young', stored(29), 'STANDARD'],
    ['a month old', stored(30), 'STANDARD_IA'],
    ['half a year old', stored(180), 'GLACIER_IR'],
    ['old, and rewritten today', stored(180, { rewritten: true }), 'GLACIER_IR'],
    ['old, and read yesterday', stored(180, { lastReadMs: NOW - DAY }), 'STANDARD'],
    ['old, and read two months ago', stored(180, { lastReadMs: NOW - 60 * DAY }), 'STANDARD_IA'],
    [
      'cold, and read yesterday',
      stored(180, { storageClass: 'GLACIER_IR', lastReadMs: NOW - DAY }),
      'STANDARD',
    ],
    ['cold, and young by its data', stored(1, { storageClass: 'GLACIER_IR' }), 'GLACIER_IR'],
    ['warm, and old enough for cold', stored(200, { storageClass: 'STANDARD_IA' }), 'GLACIER_IR'],
    ['in a class of somebody else', stored(1, { storageClass: 'OUTPOSTS' }), 'OUTPOSTS'],
    ['too small to be cheaper', stored(200, { size: 1_000 }), 'STANDARD'],
  ] as const)('%s', (_, file, wanted) => {
    expect(classOf(file)).toBe(wanted);
  });

  test('is that of a tier that begins at once', () => {
    const rules = [{ tier: 'warm' as const, afterMs: 0, storageClass: 'STANDARD_IA' }];
    expect(planTiers([stored(0)], rules, COLUMN, NOW).moves.map(({ to }) => to)).toEqual(['STANDARD_IA']);
  });

  test('goes by its writing in a table that does not say when rows came', () => {
    expect(classOf(stored(180, { rewritten: true }), null)).toBe('STANDARD');
    expect(classOf(stored(180), null)).toBe('GLACIER_IR');
  });
});

test('what the moves cost and save, and how many reads eat it up', () => {
  const plan = planTiers([stored(1), stored(60), stored(200)], RULES, COLUMN, NOW);
  expect([...plan.bytesThen]).toEqual([
    ['STANDARD', 1e9],
    ['STANDARD_IA', 1e9],
    ['GLACIER_IR', 1e9],
  ]);
  const cost = tierCost(plan, LIST_PRICES);
  expect(cost.monthNow).toBeCloseTo(0.069);
  expect(cost.monthThen).toBeCloseTo(0.0395);
  expect(cost.moves).toBeCloseTo(0.00003);
  // 0.01 and 0.03 for reading both once, 0.0295 saved.
  expect(cost.readsToBreakEven).toBeCloseTo(0.7375);
  expect(cost.unpriced).toEqual([]);
  expect(tierCost(plan, { STANDARD: LIST_PRICES['STANDARD'] as never }).unpriced).toEqual([
    'GLACIER_IR',
    'STANDARD_IA',
  ]);
  expect(['STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'OUTPOSTS'].map((name) => tierOf(name, RULES))).toEqual([
    'hot',
    'warm',
    'cold',
    'hot',
  ]);
});
