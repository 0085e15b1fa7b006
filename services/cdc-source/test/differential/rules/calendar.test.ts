import { describe, expect, test } from '@jest/globals';

import { civilOf, daysOf, julianDaysOf, microsOfIso, REFORM } from './calendar.ts';

describe('the calendars that the comparison reckons with', () => {
  test('days and dates are each other, as Date has them', () => {
    for (const days of [-800_000, -719_528, -141_427, -1, 0, 59, 11_016, 2_932_896]) {
      const date = new Date(days * 86_400_000);
      expect(civilOf(days)).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
      expect(daysOf(...civilOf(days))).toBe(days);
    }
  });
  test("Caesar's calendar is ten days apart at the reform, and two the other way at its first year", () => {
    expect(julianDaysOf(REFORM) - REFORM).toBe(10);
    expect(julianDaysOf(daysOf(1, 1, 1)) - daysOf(1, 1, 1)).toBe(-2);
  });
  test('an instant in text is microseconds', () => {
    expect(microsOfIso('1969-12-31T23:59:59.5Z')).toBe(-500_000n);
    expect(microsOfIso('-0044-01-14T05:44:03Z')).toBe(-63_554_609_757_000_000n);
    expect(microsOfIso('infinity')).toBeNull();
  });
});
