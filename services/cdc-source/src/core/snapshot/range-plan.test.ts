import { checkProperty } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { pagesPerRange, planRanges } from './range-plan.ts';

const aPart = fc.record({ pages: fc.option(fc.nat(5000)) });

describe('ranges of a table', () => {
  test('cover every page there is or will be, of every part, exactly once', async () => {
    await checkProperty(
      fc.property(
        fc.array(aPart, { maxLength: 6 }),
        fc.integer({ min: 1, max: 700 }),
        (parts, rangePages) => {
          const ranges = planRanges(parts, rangePages);
          for (const [part, { pages }] of parts.entries()) {
            const own = ranges.filter((range) => range.part === part);
            // Contiguous from page 0, in order, and only the last has no end.
            let next: number | null = 0;
            for (const range of own) {
              expect(range.fromPage).toBe(next);
              next = range.toPage;
            }
            expect(next).toBeNull();
            for (const { fromPage, toPage } of own) {
              expect((toPage ?? pages ?? 0) - fromPage).toBeLessThanOrEqual(rangePages);
            }
          }
        },
      ),
    );
  });

  test('are the same when they are planned again', () => {
    const parts = [{ pages: 1000 }, { pages: null }, { pages: 0 }];
    expect(planRanges(parts, 400)).toEqual(planRanges(parts, 400));
    expect(planRanges(parts, 400)).toEqual([
      { part: 0, fromPage: 0, toPage: 400 },
      { part: 0, fromPage: 400, toPage: 800 },
      { part: 0, fromPage: 800, toPage: null },
      { part: 1, fromPage: 0, toPage: null },
      { part: 2, fromPage: 0, toPage: null },
    ]);
  });

  test('hold 64 MiB, or a quarter of a million rows where those are narrow', () => {
    expect(pagesPerRange({ pages: 100_000, rows: -1 }, 8192)).toBe(8192);
    expect(pagesPerRange({ pages: 100_000, rows: 1_000_000 }, 8192)).toBe(8192);
    expect(pagesPerRange({ pages: 100_000, rows: 18_500_000 }, 8192)).toBe(1351);
    expect(pagesPerRange({ pages: 10, rows: 1_000_000_000 }, 8192)).toBe(128);
  });
});
