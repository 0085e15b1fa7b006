import { describe, expect, test } from '@jest/globals';
import type { AddFile } from '@hasivu/delta';
import { mayMark, planThinning, type ThinnedFile } from './vector-policy.ts';

const limits = { minTableBytes: 1_000, minFileBytes: 100, maxDeletedShare: 0.2, rewriteBytes: 500 };
const file = (path: string, size: number, rows: number | null): AddFile => ({
  path,
  partitionValues: {},
  size,
  modificationTime: 1,
  dataChange: true,
  stats: rows === null ? '' : `{"numRecords":${rows}}`,
});
const thinned = (
  path: string,
  gone: number,
  going: number,
  size = 200,
  rows: number | null = 100,
): ThinnedFile => ({
  file: file(path, size, rows),
  gone,
  going,
});
const shown = (files: readonly ThinnedFile[], canMark = true): string => {
  const { marked, rewritten, emptied } = planThinning(files, canMark, limits);
  return [marked, rewritten, emptied].map((some) => some.map(({ path }) => path).join('')).join('/');
};

describe('what becomes of a file that loses rows', () => {
  test.each<[string, ThinnedFile, string]>([
    ['a few rows of a large file are marked', thinned('a', 0, 1), 'a//'],
    ['up to the share, earlier marks included', thinned('a', 10, 10), 'a//'],
    ['above the share it is rewritten', thinned('a', 10, 11), '/a/'],
    ['a small file is rewritten', thinned('a', 0, 1, 99), '/a/'],
    ['a file that does not say its rows is rewritten', thinned('a', 0, 1, 200, null), '/a/'],
    ['without a row left it goes, unread', thinned('a', 60, 40), '//a'],
    ['also a small one', thinned('a', 0, 100, 9), '//a'],
    ['an untouched file with few marks is left alone', thinned('a', 20, 0), '//'],
    ['an untouched file with many marks is rewritten', thinned('a', 21, 0), '/a/'],
    ['an untouched small file is left alone', thinned('a', 1, 0, 9), '//'],
  ])('%s', (_, one, plan) => expect(shown([one])).toBe(plan));

  test('one batch rewrites the worst files up to the bound, and marks the others that it touches', () => {
    const files = [thinned('a', 0, 30), thinned('b', 0, 50), thinned('c', 40, 0), thinned('d', 25, 0)];
    expect(shown(files)).toBe('a/bc/');
  });

  test('a file above the bound is rewritten too, alone', () => {
    expect(shown([thinned('a', 0, 30, 900), thinned('b', 0, 29)])).toBe('b/a/');
  });

  test('where nothing may be marked every touched file is rewritten, however many', () => {
    expect(
      shown([thinned('a', 0, 1), thinned('b', 0, 1), thinned('c', 0, 1), thinned('d', 5, 0)], false),
    ).toBe('/abc/');
  });
});

test.each<[string, Parameters<typeof mayMark>[0], string | undefined, number, boolean]>([
  ['a large table', 'large', undefined, 1_000, true],
  ['a small table', 'large', undefined, 999, false],
  ['a table that was large', 'large', 'true', 1, true],
  ['a small table whose configuration asks for it', 'always', undefined, 1, true],
  ['a large table whose configuration forbids it', 'never', 'true', 5_000, false],
  ['a table in which somebody switched it off', 'always', 'false', 5_000, false],
])('rows may be marked or not: %s', (_, use, property, bytes, allowed) => {
  const configuration = property === undefined ? {} : { 'delta.enableDeletionVectors': property };
  expect(mayMark(use, configuration, bytes, limits)).toBe(allowed);
});
