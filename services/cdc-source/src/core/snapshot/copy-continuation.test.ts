import { toLsn } from '@hasivu/change-events';
import { checkProperty } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { continueCopy, rowsToRead, type ContinuationFacts } from './copy-continuation.ts';
import {
  beginCopy,
  currentPass,
  isComplete,
  rangesOf,
  type CopiedPart,
  type TableCopy,
} from './table-copy.ts';

const part = (pages: number | null): CopiedPart => ({
  schema: 'public',
  table: 't',
  oid: 1,
  filenode: 2,
  pages,
});

const FACTS: ContinuationFacts = {
  shape: 'a',
  parts: [part(1000)],
  hasKey: true,
  identityFull: false,
  hasToast: true,
};

function begun(facts = FACTS): TableCopy {
  const layout = { firstNumber: 0, shape: facts.shape, rangePages: 300, parts: facts.parts };
  return beginCopy(layout, { lsn: toLsn(100n), snapshot: '700:800:' });
}

const NEXT = { lsn: toLsn(200n), snapshot: '900:950:' };

/** The copy after a crash that followed ranges 0 and 2. */
function continued(facts: ContinuationFacts): TableCopy | null {
  const copy = begun(facts);
  for (const range of [0, 2]) currentPass(copy).seen.add(range);
  return continueCopy(copy, facts, NEXT);
}

const reads = (copy: TableCopy | null, hasKey: boolean): unknown =>
  copy && rangesOf(copy).map((_, range) => rowsToRead(copy, range, hasKey)?.tag ?? 'nothing');

describe('after a crash', () => {
  test('what was read is read again only for newer rows, and only where the log may lack a value', () => {
    expect(reads(continued(FACTS), true)).toEqual(['after', 'all', 'after', 'all']);
    expect(reads(continued({ ...FACTS, hasToast: false }), true)).toEqual([
      'nothing',
      'all',
      'nothing',
      'all',
    ]);
    expect(reads(continued({ ...FACTS, identityFull: true }), true)).toEqual([
      'nothing',
      'all',
      'nothing',
      'all',
    ]);
  });

  test('without a key the rest is the rows of the first snapshot, whichever snapshot reads them', () => {
    const facts = { ...FACTS, hasKey: false };
    const second = continued(facts);
    expect(reads(second, false)).toEqual(['nothing', 'in', 'nothing', 'in']);
    currentPass(second as TableCopy).seen.add(1);
    const third = continueCopy(second as TableCopy, facts, { lsn: toLsn(300n), snapshot: '990:990:' });
    expect(reads(third, false)).toEqual(['nothing', 'nothing', 'nothing', 'in']);
    expect(rowsToRead(third as TableCopy, 3, false)).toEqual({ tag: 'in', snapshot: '700:800:' });
  });

  test('newer means newer than the last snapshot that saw the range', () => {
    const second = continued(FACTS) as TableCopy;
    currentPass(second).seen.add(0);
    const third = continueCopy(second, FACTS, { lsn: toLsn(300n), snapshot: '990:990:' }) as TableCopy;
    expect(rowsToRead(third, 0, true)).toEqual({ tag: 'after', snapshot: '900:950:' });
    expect(rowsToRead(third, 2, true)).toEqual({ tag: 'after', snapshot: '700:800:' });
  });

  test.each([
    ['was rewritten', { parts: [{ ...part(1000), filenode: 3 }] }],
    ['got a partition', { parts: [part(1000), { ...part(1), oid: 9 }] }],
    ['has another shape', { shape: 'b' }],
    ['cannot be read by page', { parts: [part(null)] }],
    ['has no key but updates', { hasKey: false, identityFull: true }],
  ])('a table that %s begins anew', (_, change) => {
    const copy = begun();
    currentPass(copy).seen.add(0);
    expect(continueCopy(copy, { ...FACTS, ...change }, NEXT)).toBeNull();
  });

  test('without a key, a server that has used all 32-bit transaction numbers cannot tell old rows from new ones', () => {
    const wrapped = { lsn: NEXT.lsn, snapshot: '4294967290:4294967300:' };
    expect(continueCopy(begun(), { ...FACTS, hasKey: false }, wrapped)).toBeNull();
    expect(continueCopy(begun(), FACTS, wrapped)).not.toBeNull();
  });
});

test('whenever and however often it crashes, a copy ends, and every range is read whole once', async () => {
  const facts = fc.record({ hasKey: fc.boolean(), hasToast: fc.boolean() });
  // Each pass reads some of what it has to read, in any order, and then the process is killed.
  const passes = fc.array(fc.array(fc.nat(3), { maxLength: 5 }), { maxLength: 6 });
  await checkProperty(
    fc.property(facts, passes, (change, lives) => {
      const table = { ...FACTS, ...change };
      const whole = new Map<number, number>();
      const read = (copy: TableCopy, range: number): void => {
        const rows = rowsToRead(copy, range, table.hasKey);
        if (!rows) return;
        if (rows.tag !== 'after') whole.set(range, (whole.get(range) ?? 0) + 1);
        currentPass(copy).seen.add(range);
      };
      let copy = begun(table);
      for (const [i, ranges] of lives.entries()) {
        for (const range of ranges) read(copy, range);
        if (isComplete(copy)) break;
        const next = { lsn: toLsn(BigInt(200 + i)), snapshot: `${900 + i}:${900 + i}:` };
        copy = continueCopy(copy, table, next) as TableCopy;
      }
      for (const range of [3, 1, 0, 2]) read(copy, range);
      expect(isComplete(copy)).toBe(true);
      expect([...whole.values()]).toEqual([1, 1, 1, 1]);
    }),
  );
});
