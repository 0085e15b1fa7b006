import { describe, expect, test } from '@jest/globals';

import { CommitPolicy } from './commit-policy.ts';
import { OffsetLedger } from './offset-ledger.ts';

const limits = { maxRows: 100, maxBytes: 1_000, intervalMs: 50 };

describe('a commit is due', () => {
  test('by rows, by bytes or by time since the first record, and never without one', () => {
    const policy = new CommitPolicy(limits);
    expect(policy.due(1_000, 10_000, 1e9)).toBe(false);
    expect(policy.waitMs(1e9)).toBe(Infinity);
    policy.opened(10);
    policy.opened(40);
    expect(policy.due(99, 999, 59)).toBe(false);
    expect(policy.waitMs(59)).toBe(1);
    expect(policy.due(100, 0, 11)).toBe(true);
    expect(policy.due(0, 1_000, 11)).toBe(true);
    expect(policy.due(0, 0, 60)).toBe(true);
    policy.committed();
    expect(policy.due(100, 1_000, 1e9)).toBe(false);
  });
});

describe('offsets of a transaction', () => {
  test('are the last of each partition, and only what came since the commit before', () => {
    const ledger = new OffsetLedger();
    ledger.processed('a', 0, 5n);
    ledger.processed('a', 0, 9n);
    ledger.processed('a', 1, 3n);
    ledger.processed('b', 0, 1n);
    expect(ledger.take()).toEqual([
      { topic: 'a', partition: 0, offset: 9n },
      { topic: 'a', partition: 1, offset: 3n },
      { topic: 'b', partition: 0, offset: 1n },
    ]);
    expect(ledger.take()).toEqual([]);
  });
});
