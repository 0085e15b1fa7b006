import { describe, expect, test } from '@jest/globals';
import { parseTestArguments, projectsOf, shardsOf } from './test-arguments.ts';

describe('arguments of npm test', () => {
  test('the suite is ours and everything else is for jest', () => {
    expect(parseTestArguments(['-t', 'name', '--suite', 'storm', 'libs/delta'])).toEqual({
      suite: 'storm',
      postgres: null,
      rest: ['-t', 'name', 'libs/delta'],
    });
    expect(parseTestArguments(['--suite=interop'])).toEqual({
      suite: 'interop',
      postgres: null,
      rest: [],
    });
    expect(parseTestArguments([])).toEqual({ suite: 'all', postgres: null, rest: [] });
  });
  test('a version of PostgreSQL is for every project, and nothing is then repeated on it', () => {
    const on15 = parseTestArguments(['--postgres', '15', '--suite=servers', 'cdc-source']);
    expect(on15).toEqual({ suite: 'servers', postgres: '15', rest: ['cdc-source'] });
    expect(parseTestArguments(['--postgres=15'])).toMatchObject({ postgres: '15' });
    expect(projectsOf(on15)).toEqual(['servers']);
    expect(projectsOf(parseTestArguments([]))).toEqual(['unit', 'servers', 'postgres-15']);
  });
  test('an unknown suite is refused with the names of the known ones', () => {
    expect(() => parseTestArguments(['--suite', 'toString'])).toThrow(
      'no suite "toString"; there are all, unit, servers, postgres-15, storm, interop',
    );
    expect(() => parseTestArguments(['--suite'])).toThrow('no suite ""');
  });
  test('the tests on servers run in two parts, unless some are chosen or a stack is given', () => {
    expect(shardsOf('servers', [], false)).toEqual(['1/2', '2/2']);
    expect(shardsOf('servers', ['libs/delta'], false)).toEqual([undefined]);
    expect(shardsOf('servers', [], true)).toEqual([undefined]);
    expect(shardsOf('unit', [], false)).toEqual([undefined]);
  });
});
