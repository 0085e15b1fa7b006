import { describe, expect, test } from '@jest/globals';

import { RetainedLogPolicy } from './retained-log.ts';

const MIB = 1024 ** 2;

describe('log held back by the slot', () => {
  test('is warned of at half of what the configuration allows, again when it has grown by half, and anew after relief', () => {
    const policy = new RetainedLogPolicy({ maxBytes: 100 * MIB });
    const warned = [40, 51, 60, 77, 10, 51].map((mib) =>
      Boolean(policy.warning({ retainedBytes: mib * MIB, safeBytes: null })),
    );
    expect(warned).toEqual([false, true, false, true, false, true]);
  });

  test('is warned of at half of what the server allows', () => {
    const policy = new RetainedLogPolicy({});
    expect(policy.warning({ retainedBytes: 30 * MIB, safeBytes: 34 * MIB })).toBeNull();
    expect(policy.warning({ retainedBytes: 33 * MIB, safeBytes: 31 * MIB })).toMatch(
      '33 MiB, and the server gives it up after 31 MiB more',
    );
  });

  test('is never too much without a bound', () => {
    const log = { retainedBytes: Number.MAX_SAFE_INTEGER, safeBytes: null };
    expect(new RetainedLogPolicy({}).exceeded(log)).toBe(false);
    expect(new RetainedLogPolicy({ maxBytes: 1 }).exceeded({ ...log, retainedBytes: 1 })).toBe(false);
    expect(new RetainedLogPolicy({ maxBytes: 1 }).exceeded({ ...log, retainedBytes: 2 })).toBe(true);
  });
});
