export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What a person should know beside the numbers. */
  readonly notes: readonly string[];
}

export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0, notes: [] };

interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly success: boolean;
}

/**
 * What jest's own result file says. A suite that could not be loaded counts as one failure, and so does a run that
 * ended without a result or that says it failed with no failure to show: nothing that went wrong may count as nothing.
 */
export function countsOf(project: string, result: unknown, ended: string): TestCounts {
  if (!isJestResult(result))
    return { ...NO_TESTS, failed: 1, notes: [`${project}: jest ended with ${ended} and left no result`] };
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const unexplained = failed === 0 && (!result.success || ended !== 'exit code 0');
  return {
    passed: result.numPassedTests,
    failed: unexplained ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
    notes: unexplained ? [`${project}: jest ended with ${ended} although no test failed`] : [],
  };
}

export function sum(runs: readonly TestCounts[]): TestCounts {
  return runs.reduce(
    (total, run) => ({
      passed: total.passed + run.passed,
      failed: total.failed + run.failed,
      skipped: total.skipped + run.skipped,
      notes: [...total.notes, ...run.notes],
    }),
    NO_TESTS,
  );
}

/** The last line of stdout, read by machines. */
export function summaryLine(total: TestCounts): string {
  return `${total.passed} passed, ${total.failed} failed`;
}

/** 0 only when tests ran and none failed: a run of nothing proves nothing. */
export function exitCode(total: TestCounts): 0 | 1 {
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

function isJestResult(result: unknown): result is JestResult {
  return (
    typeof result === 'object' &&
    result !== null &&
    'numPassedTests' in result &&
    'numRuntimeErrorTestSuites' in result
  );
}
