import { expect, test } from '@jest/globals';
import type { AddFile } from '@hasivu/delta';
import { filesFrom, filesOfKind, filesWithDeaths, filesWithOffsets } from './history-plan.ts';

const file = (path: string, columns: Record<string, [min: unknown, max: unknown]>): AddFile => ({
  path,
  partitionValues: {},
  size: 1,
  modificationTime: 1,
  dataChange: true,
  stats: JSON.stringify({
    numRecords: 1,
    minValues: Object.fromEntries(Object.entries(columns).map(([name, [min]]) => [name, min])),
    maxValues: Object.fromEntries(Object.entries(columns).map(([name, [, max]]) => [name, max])),
  }),
});
const names = (files: readonly AddFile[]): string => files.map((one) => one.path).join('');

test('a file without statistics is never ruled out', () => {
  const unknown = [{ ...file('a', {}), stats: '' }];
  expect(names(filesFrom(unknown, '_lsn', 5n))).toBe('a');
  expect(names(filesWithDeaths(unknown, { lsn: 5n, seq: 0 }))).toBe('a');
  expect(names(filesWithOffsets(unknown, new Map(), new Map([[0, 1]])))).toBe('a');
});

test('files are ruled out by the end of their positions', () => {
  expect(names(filesFrom([file('a', { _lsn: [1, 4] }), file('b', { _lsn: [1, 5] })], '_lsn', 5n))).toBe('b');
});

test('a DELETE or TRUNCATE after a position is looked for where one can be', () => {
  const files = [
    file('a', { _op: ['r', 'r'], _lsn: [9, 9], _seq: [0, 9] }),
    file('b', { _op: ['c', 'd'], _lsn: [1, 4], _seq: [0, 9] }),
    file('c', { _op: ['c', 'd'], _lsn: [1, 9], _seq: [0, 1] }),
    file('d', { _op: ['c', 'u'], _lsn: [5, 9], _seq: [0, 1] }),
    file('e', { _op: ['c', 'd'], _lsn: [5, 5], _seq: [0, 7] }),
    file('f', { _op: ['c', 'd'], _lsn: [5, 5], _seq: [0, 8] }),
    file('g', { _op: ['c', 'c'], _lsn: [5, 9], _seq: [0, 8] }),
  ];
  expect(names(filesWithDeaths(files, { lsn: 5n, seq: 7 }))).toBe('cdf');
});

test('records between two sets of offsets are looked for where they can be', () => {
  const files = [
    file('a', { _offset: [0, 5] }),
    file('b', { _offset: [6, 9] }),
    file('c', { _offset: [21, 30] }),
  ];
  expect(
    names(
      filesWithOffsets(
        files,
        new Map([
          [0, 5],
          [1, 8],
        ]),
        new Map([
          [0, 20],
          [1, 20],
        ]),
      ),
    ),
  ).toBe('b');
});

test('open and closed versions are told apart by their partition', () => {
  const at = (path: string, open: string): AddFile => ({
    ...file(path, {}),
    partitionValues: { _is_current: open },
  });
  expect(names(filesOfKind([at('a', 'true'), at('b', 'false')], false))).toBe('b');
});
