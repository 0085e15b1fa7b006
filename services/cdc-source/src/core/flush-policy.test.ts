import { describe, expect, test } from '@jest/globals';

import { FlushPolicy, type FlushLimits } from './flush-policy.ts';

const limits: FlushLimits = { maxRows: 10, maxBytes: 1000, intervalMs: 100, idleAdvanceMs: 5000 };
const state = (
  rows: number,
  bytes = 0,
  advanced = false,
): { rows: number; bytes: number; advanced: boolean } => ({
  rows,
  bytes,
  advanced,
});

describe('a commit is due', () => {
  test('by rows or by bytes at once', () => {
    const policy = new FlushPolicy(limits, 0);
    expect(policy.due(state(9, 999), 0)).toBe(false);
    expect(policy.due(state(10), 0)).toBe(true);
    expect(policy.due(state(1, 1000), 0)).toBe(true);
  });

  test('by the time since the first row, not since the last', () => {
    const policy = new FlushPolicy(limits, 0);
    expect(policy.due(state(1), 50)).toBe(false);
    expect(policy.due(state(5), 149)).toBe(false);
    expect(policy.waitMs(state(5), 149)).toBe(1);
    expect(policy.due(state(5), 150)).toBe(true);
    policy.committed(150);
    expect(policy.due(state(1), 160)).toBe(false);
  });

  test('without rows only when the position moved, at the slower interval', () => {
    const policy = new FlushPolicy(limits, 0);
    expect(policy.due(state(0), 1e6)).toBe(false);
    expect(policy.due(state(0, 0, true), 4999)).toBe(false);
    expect(policy.due(state(0, 0, true), 5000)).toBe(true);
  });

  test('at once when the server asks and the position moved', () => {
    const policy = new FlushPolicy(limits, 0);
    policy.requestAdvance();
    expect(policy.due(state(0), 1)).toBe(false);
    expect(policy.due(state(0, 0, true), 1)).toBe(true);
    policy.committed(1);
    expect(policy.due(state(0, 0, true), 2)).toBe(false);
  });
});
