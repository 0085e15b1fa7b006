import { describe, expect, test } from '@jest/globals';
import { field, type AddFile, type DeltaStruct } from '@hasivu/delta';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { deletedShare, isSmall, planCompaction, type CompactionRule } from './compaction-plan.ts';
import { bytesOf } from './neighbours.ts';
import { targetFileBytes } from './target-size.ts';

const schema: DeltaStruct = { type: 'struct', fields: [field('_lsn', 'long'), field('part', 'string')] };
const layout = { schema, partitionColumns: ['part'], orderBy: ['_lsn'] };
const RULE: CompactionRule = {
  targetBytes: 1_000,
  minFiles: 2,
  maxFiles: 100,
  maxDeletedShare: 0.2,
  growth: 0,
  settledBeforeMs: Infinity,
};

let names = 0;
function file(size: number, more: { part?: string | null; lsn?: number; gone?: number } = {}): AddFile {
  const { part = 'a', lsn = (names += 1), gone = 0 } = more;
  return {
    path: `f${(names += 1)}`,
    partitionValues: { part },
    size,
    modificationTime: names,
    dataChange: true,
    stats: `{"numRecords":100,"minValues":{"_lsn":${lsn}},"maxValues":{"_lsn":${lsn + 1}},"nullCount":{}}`,
    ...(gone === 0
      ? {}
      : { deletionVector: { storageType: 'i', pathOrInlineDv: 'x', sizeInBytes: 1, cardinality: gone } }),
  };
}

const anyFile = fc.record({
  size: fc.integer({ min: 1, max: 1_400 }),
  part: fc.constantFrom('a', 'b', null),
  lsn: fc.nat(1_000),
  gone: fc.constantFrom(0, 0, 0, 10, 50, 100),
});

describe('what is compacted', () => {
  test('of any files: each at most once, within a partition, up to the target, and never for nothing', async () => {
    await checkProperty(
      fc.property(
        fc.array(anyFile, { maxLength: 60 }),
        fc.constantFrom(0, 0.5, 1),
        fc.constantFrom(2, 8),
        (facts, growth, minFiles) => {
          const files = facts.map(({ size, ...more }) => file(size, more));
          const rule = { ...RULE, growth, minFiles };
          const bins = planCompaction(files, layout, rule);
          const chosen = bins.flatMap((bin) => bin.files);
          expect(new Set(chosen).size).toBe(chosen.length);
          for (const bin of bins) {
            expect(new Set(bin.files.map((one) => one.partitionValues['part'])).size).toBe(1);
            expect(bin.bytes).toBe(bytesOf(bin.files));
            const worn = bin.files.some((one) => deletedShare(one) > rule.maxDeletedShare);
            expect(worn || bin.files.length >= minFiles).toBe(true);
            expect(bin.files.length === 1 || bin.bytes <= rule.targetBytes).toBe(true);
            expect(
              bin.files.every(
                (one) => isSmall(one, rule.targetBytes) || deletedShare(one) > rule.maxDeletedShare,
              ),
            ).toBe(true);
          }
          for (const one of files)
            expect(chosen.includes(one) || deletedShare(one) <= rule.maxDeletedShare).toBe(true);
        },
      ),
    );
  });

  test('neighbours in the log come together, so that statistics stay narrow', () => {
    const files = [7, 3, 1, 5, 2, 6, 4, 8].map((lsn) => file(250, { lsn: lsn * 10 }));
    const bins = planCompaction(files, layout, RULE);
    const lsns = bins.map((bin) =>
      bin.files.map((one) => Number(/"_lsn":(\d+)/u.exec(one.stats ?? '')?.[1])),
    );
    expect(lsns).toEqual([
      [10, 20, 30, 40],
      [50, 60, 70, 80],
    ]);
  });

  test('a table that grows by a small file at a time is not rewritten each time', () => {
    // The bytes that are written for each byte that came, when a plan is made after every file.
    const rule = { ...RULE, targetBytes: 1_000_000, growth: 0.5, minFiles: 8 };
    let files: AddFile[] = [];
    let written = 0;
    let came = 0;
    let most = 0;
    for (let n = 0; n < 3_000; n += 1) {
      files.push(file(300, { lsn: n }));
      came += 300;
      for (const bin of planCompaction(files, layout, rule)) {
        written += bin.bytes;
        files = files.filter((one) => !bin.files.includes(one));
        files.push(file(bin.bytes, { lsn: n }));
      }
      most = Math.max(most, files.length);
    }
    expect(written / came).toBeLessThan(8);
    expect(most).toBeLessThan(50);
    // Each time, it would be written hundreds of times.
    expect(files.length).toBeLessThan(20);
  });

  test('files that have just come are left to their writer, but not what is full of marked rows', () => {
    const [old, young, worn] = [file(100), file(100), file(100, { gone: 90 })];
    const settled = { ...RULE, settledBeforeMs: old.modificationTime };
    expect(planCompaction([old, young, worn], layout, settled).flatMap((bin) => bin.files)).toEqual(
      expect.arrayContaining([old, worn]),
    );
    expect(planCompaction([old, young], layout, settled)).toEqual([]);
  });
});

test.each([
  ['a small log', 1e9, false, {}, 32],
  ['a log of 100 GB', 100e9, false, {}, 128],
  ['a log of 50 TB', 50e12, false, {}, 1_024],
  ['a state that is rewritten for a changed row', 100e9, true, {}, 8],
  ['a state whose rows are marked', 100e9, true, { 'delta.enableDeletionVectors': 'true' }, 128],
  ['a small state whose rows are marked', 1e9, true, { 'delta.enableDeletionVectors': 'true' }, 32],
] as const)('%s has files of its size', (_, tableBytes, isMerged, configuration, mib) => {
  expect(targetFileBytes({ tableBytes, isMerged, configuration })).toBe(mib * 2 ** 20);
});
