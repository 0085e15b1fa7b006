import { describe, expect, test } from '@jest/globals';

import { FlushPolicy, type FlushLimits } from './flush-policy.ts';

const limits: FlushLimits = {
  maxRows: 10,
  maxBytes: 1000,
  intervalMs: 100,
  lingerMs: 5,
  idleAdvanceMs: 5000,
};
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

  test('in a steady flow by the time since the last commit', () => {
    const policy = new FlushPolicy(limits, 0);
    expect(policy.due(state(1), 50)).toBe(false);
    expect(policy.due(state(5), 99)).toBe(false);
    expect(policy.waitMs(state(5), 99)).toBe(1);
    expect(policy.due(state(5), 100)).toBe(true);
    policy.committed(110);
    expect(policy.due(state(1), 120)).toBe(false);
    expect(policy.due(state(2), 210)).toBe(true);
  });

  test('after a pause as soon as what follows closely has come', () => {
    const policy = new FlushPolicy(limits, 0);
    expect(policy.due(state(1), 1000)).toBe(false);
    expect(policy.waitMs(state(1), 1000)).toBe(5);
    expect(policy.due(state(3), 1005)).toBe(true);
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
