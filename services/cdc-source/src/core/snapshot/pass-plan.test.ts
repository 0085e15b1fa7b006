import { toLsn } from '@hasivu/change-events';
import { assertNoDuplicates } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';

import { initialProgress, parseProgress, serializeProgress, type Progress } from '../progress-record.ts';
import { serializeCopyRecord, withCopyRecords } from './copy-record.ts';
import {
  finished,
  planPass,
  tasksOf,
  withCompleteTables,
  type PassTable,
  type PlannedTable,
} from './pass-plan.ts';
import { RangeSet } from './range-set.ts';
import { currentPass, truncateSeqOf } from './table-copy.ts';

const FIRST = { lsn: toLsn(1000n), snapshot: '700:703:701' };
const SECOND = { lsn: toLsn(2000n), snapshot: '900:900:' };

function table(name: string, pages: number): PassTable {
  return {
    name,
    oid: 7,
    shape: 's',
    parts: [{ schema: 'public', table: name, oid: 7, filenode: 8, pages }],
    hasKey: true,
    identityFull: false,
    hasToast: true,
    rangePages: 100,
  };
}

function progressOf(tables: readonly PlannedTable[], lsn = FIRST.lsn): Progress {
  return {
    ...initialProgress('slot', toLsn(1001n)),
    pass: { lsn, connections: 2 },
    tables: new Map(
      tables.map((one) => [one.name, { lsn: one.coveredLsn, done: false, oid: one.oid, copy: one.copy }]),
    ),
  };
}

const ranges = (size: number, ...numbers: number[]): RangeSet => {
  const set = new RangeSet(size);
  for (const number of numbers) set.add(number);
  return set;
};

describe('a pass', () => {
  test('numbers no two events alike, whichever tables go on and which begin', () => {
    const first = planPass([table('a', 250), table('b', 0)], null, FIRST);
    const kept = new Map(progressOf(first).tables);
    kept.delete('b');
    const second = planPass(
      [table('new', 150), table('a', 250), table('b', 0)],
      { ...progressOf(first), tables: kept },
      SECOND,
    );
    for (const planned of [first, second]) {
      const seqs = [...tasksOf(planned)].map((task) => task.firstSeq);
      assertNoDuplicates([...planned.map((one) => truncateSeqOf(one.copy)), ...seqs]);
      for (const one of planned) {
        const own = [...tasksOf([one])].map((task) => task.firstSeq);
        expect(Math.min(...own)).toBeGreaterThan(truncateSeqOf(one.copy));
        expect(Math.max(...own)).toBeLessThan(Number.MAX_SAFE_INTEGER);
      }
    }
    expect(second.map((one) => [one.name, one.begins, one.coveredLsn])).toEqual([
      ['new', true, SECOND.lsn],
      ['a', false, FIRST.lsn],
      ['b', true, SECOND.lsn],
    ]);
  });

  test('goes on from its record and those of its connections, and from no others', () => {
    const planned = planPass([table('a', 450), table('b', 50)], null, FIRST);
    const progress = progressOf(planned);
    const records = [
      serializeCopyRecord(progress, new Map([['a', ranges(5, 0, 3)]])),
      serializeCopyRecord(
        progress,
        new Map([
          ['a', ranges(5, 1)],
          ['b', ranges(1, 0)],
        ]),
      ),
      serializeCopyRecord(progressOf(planned, toLsn(5n)), new Map([['a', ranges(5, 4)]])),
    ];
    const read = withCompleteTables(withCopyRecords(parseProgress(serializeProgress(progress)), records));
    expect(read.tables.get('b')).toEqual(finished({ lsn: FIRST.lsn, oid: 7 }));
    const [goesOn] = planPass([table('a', 450)], read, SECOND);
    expect(currentPass(goesOn?.copy as PlannedTable['copy']).seen.count).toBe(0);
    expect([...tasksOf([goesOn as PlannedTable])].map((task) => task.rows)).toEqual([
      { tag: 'after', snapshot: FIRST.snapshot },
      { tag: 'after', snapshot: FIRST.snapshot },
      { tag: 'all' },
      { tag: 'after', snapshot: FIRST.snapshot },
      { tag: 'all' },
    ]);
  });

  test('a record that is not of the table is refused', () => {
    const progress = progressOf(planPass([table('a', 450)], null, FIRST));
    const record = serializeCopyRecord(progress, new Map([['a', ranges(77, 0)]]));
    expect(() => withCopyRecords(progress, [record])).toThrow(/SOURCE_PROGRESS|copied ranges/);
    expect(() => withCopyRecords(progress, [Buffer.from('[]')])).toThrow(/copied ranges/);
  });
});
