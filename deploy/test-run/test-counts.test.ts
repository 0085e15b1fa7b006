import { describe, expect, test } from '@jest/globals';
import { countsOf, exitCode, NO_TESTS, sum, summaryLine } from './test-counts.ts';

const RESULT = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  success: true,
};

describe('the counts of a test run', () => {
  test('are summed and told in one line', () => {
    const total = sum([
      countsOf('unit', RESULT, 'exit code 0'),
      countsOf('servers', { ...RESULT, numFailedTests: 2, success: false }, 'exit code 1'),
    ]);
    expect(summaryLine(total)).toBe('6 passed, 2 failed');
    expect(total.skipped).toBe(2);
    expect(exitCode(total)).toBe(1);
  });
  test('a suite that could not be loaded is a failure', () => {
    const broken = { ...RESULT, numRuntimeErrorTestSuites: 1, success: false };
    expect(summaryLine(countsOf('unit', broken, 'exit code 1'))).toBe('3 passed, 1 failed');
  });
  test('a run without a result is a failure', () => {
    expect(countsOf('unit', null, 'SIGKILL')).toMatchObject({
      passed: 0,
      failed: 1,
      notes: [expect.stringContaining('SIGKILL')],
    });
  });
  test('a run that says it failed with no failure to show is a failure', () => {
    expect(countsOf('unit', RESULT, 'exit code 1').failed).toBe(1);
    expect(countsOf('unit', { ...RESULT, success: false }, 'exit code 0').failed).toBe(1);
  });
  test('zero tests are a failure of the run, although none failed', () => {
    expect(summaryLine(NO_TESTS)).toBe('0 passed, 0 failed');
    expect(exitCode(NO_TESTS)).toBe(1);
  });
});
