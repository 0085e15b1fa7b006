import { describe, expect, test } from '@jest/globals';
import { OffsetLedger } from './offset-ledger.ts';
import { historyBit, TARGET } from './row-batch.ts';

describe('the offset ledger', () => {
  test('starts after the least that any table has, and gives each table only what it lacks', () => {
    const ledger = new OffsetLedger(TARGET.both);
    ledger.open(0, 9, 4);
    expect(ledger.startOffset(0)).toBe(5);
    expect([4, 5, 9, 10].map((offset) => ledger.wantedBy(0, offset))).toEqual([
      0,
      TARGET.state,
      TARGET.state,
      TARGET.both,
    ]);
  });

  test('a table that is not fed holds nothing back', () => {
    const ledger = new OffsetLedger(TARGET.both);
    ledger.open(0, 9, -1);
    expect(ledger.startOffset(0)).toBe(0);
    ledger.restrict(TARGET.log);
    expect(ledger.startOffset(0)).toBe(10);
    expect(ledger.wantedBy(0, 10)).toBe(TARGET.log);
  });

  test('an accepted offset is not wanted again', () => {
    const ledger = new OffsetLedger(TARGET.both);
    ledger.open(3, -1, -1);
    ledger.accept(3, 0, TARGET.both);
    expect(ledger.wantedBy(3, 0)).toBe(0);
    expect(ledger.wantedBy(3, 1)).toBe(TARGET.both);
  });
});

test('a history that is behind gets what it lacks, and only it', () => {
  const bit = historyBit(1);
  const ledger = new OffsetLedger(TARGET.both | historyBit(0) | bit);
  ledger.open(0, 9, 9, 9, 4);
  expect(ledger.startOffset(0)).toBe(5);
  expect(ledger.wantedBy(0, 5)).toBe(bit);
  ledger.accept(0, 9, bit);
  expect(ledger.wantedBy(0, 9)).toBe(0);
  expect(ledger.wantedBy(0, 10)).toBe(TARGET.both | historyBit(0) | bit);
  expect(ledger.startOffset(7)).toBe(0);
});
