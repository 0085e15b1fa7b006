import { describe, expect, test } from '@jest/globals';
import type { AddFile } from '@hasivu/delta';
import { filesBeforeTruncate, filesInRange, smallFilesToMerge } from './state-plan.ts';

const file = (path: string, stats: string, size = 1): AddFile => ({
  path,
  partitionValues: {},
  size,
  modificationTime: 1,
  dataChange: true,
  stats,
});
const bounded = (path: string, min: string, max: string): AddFile =>
  file(path, `{"numRecords":1,"minValues":{"k":${min}},"maxValues":{"k":${max}}}`);
const names = (files: readonly AddFile[]): string => files.map((one) => one.path).join('');

describe('which files of a state table a batch touches', () => {
  test.each([
    [
      'long',
      '9007199254740993',
      '9007199254740993',
      [bounded('a', '1', '9007199254740992'), bounded('b', '9007199254740993', '9007199254740994')],
      'b',
    ],
    [
      'decimal(10,2)',
      '-1.5',
      '2',
      [bounded('a', '-9.00', '-1.51'), bounded('b', '-1.51', '-1.49'), bounded('c', '2.01', '3')],
      'b',
    ],
    ['string', 'é', 'z', [bounded('a', '"a"', '"b"'), bounded('b', '"a"', '"é"')], 'b'],
    ['date', '2026-01-01', '2026-01-01', [bounded('a', '"1999-01-01"', '"1999-01-01"')], 'a'],
  ])('%s', (type, min, max, files, touched) => {
    expect(names(filesInRange(files, { column: 'k', type, min, max }))).toBe(touched);
  });

  test('a file without statistics is never ruled out', () => {
    expect(
      names(
        filesInRange([file('a', ''), file('b', '{}')], { column: 'k', type: 'long', min: '1', max: '1' }),
      ),
    ).toBe('ab');
  });

  test('a TRUNCATE drops older files unread and reads the rest', () => {
    const at = (path: string, max: number): AddFile =>
      file(path, `{"numRecords":1,"minValues":{"_lsn":1},"maxValues":{"_lsn":${max}}}`);
    const split = filesBeforeTruncate([at('a', 9), at('b', 10), at('c', 11), file('d', '')], {
      lsn: 10n,
      seq: 3,
    });
    expect([names(split.emptied), names(split.mixed)]).toEqual(['a', 'bcd']);
  });

  test('small files are merged once they pile up', () => {
    const small = Array.from({ length: 8 }, (_, index) => file(String(index), '{}'));
    expect(smallFilesToMerge(small.slice(1), () => false)).toEqual([]);
    expect(smallFilesToMerge(small, () => false)).toHaveLength(8);
    expect(smallFilesToMerge(small, (one) => one.path === '0')).toEqual([]);
  });
});
