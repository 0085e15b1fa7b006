import { describe, expect, test } from '@jest/globals';
import { parseTestArguments } from './test-arguments.ts';

describe('arguments of npm test', () => {
  test('the suite is ours and everything else is for jest', () => {
    expect(parseTestArguments(['-t', 'name', '--suite', 'storm', 'libs/delta'])).toEqual({
      suite: 'storm',
      rest: ['-t', 'name', 'libs/delta'],
    });
    expect(parseTestArguments(['--suite=interop'])).toEqual({ suite: 'interop', rest: [] });
    expect(parseTestArguments([])).toEqual({ suite: 'all', rest: [] });
  });
  test('an unknown suite is refused with the names of the known ones', () => {
    expect(() => parseTestArguments(['--suite', 'toString'])).toThrow(
      'no suite "toString"; there are all, unit, servers, storm, interop',
    );
    expect(() => parseTestArguments(['--suite'])).toThrow('no suite ""');
  });
});
