import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countsOf, type TestCounts } from './test-counts.ts';

const RESULT_POLL_MS = 1000;
/** Jest ends by itself once its result is written, unless something that a test left behind keeps it. */
const EXIT_GRACE_MS = 20_000;

export interface JestRun {
  readonly root: string;
  /** Jest projects by their display name. */
  readonly project: string;
  /** What the tests read from HASIVU_SUITE: under `storm` they take their long forms. */
  readonly suite: string;
  readonly workers: number;
  /** `1/2`, `2/2`: this part of the project's test files. */
  readonly shard?: string | undefined;
  /** Longest time of one test, in milliseconds, where it is not the configured one. */
  readonly testTimeoutMs?: number | undefined;
  /** Passed on to jest as they are. */
  readonly args: readonly string[];
  readonly signal: AbortSignal;
}

/** Runs one jest project on the Node that runs us; its progress goes to stderr, its result comes from its own file. */
export async function runJest(run: JestRun): Promise<TestCounts> {
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-jest-'));
  const resultFile = join(directory, 'result.json');
  const jest = join(run.root, 'node_modules', 'jest', 'bin', 'jest.js');
  const own = ['--selectProjects', run.project, '--json', '--outputFile', resultFile, '--passWithNoTests'];
  const timeout = run.testTimeoutMs === undefined ? [] : [`--testTimeout=${run.testTimeoutMs}`];
  const shard = run.shard === undefined ? [] : [`--shard=${run.shard}`];
  const args = [
    '--disable-warning=ExperimentalWarning',
    jest,
    ...own,
    `--maxWorkers=${run.workers}`,
    ...timeout,
    ...shard,
    ...run.args,
  ];
  const env = {
    ...process.env,
    HASIVU_SUITE: run.suite,
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules`.trim(),
  };
  try {
    const ended = await new Promise<string>((resolve) => {
      const child = spawn(process.execPath, args, { cwd: run.root, env, stdio: ['ignore', 2, 2] });
      const stop = (): void => void child.kill('SIGINT');
      run.signal.addEventListener('abort', stop, { once: true });
      let waitedMs = 0;
      const poll = setInterval(() => {
        if (existsSync(resultFile)) waitedMs += RESULT_POLL_MS;
        if (waitedMs >= EXIT_GRACE_MS) child.kill('SIGKILL');
      }, RESULT_POLL_MS);
      child.once('error', (cause) => {
        clearInterval(poll);
        resolve(cause.message);
      });
      child.once('exit', (code, signal) => {
        run.signal.removeEventListener('abort', stop);
        clearInterval(poll);
        const stuck = waitedMs >= EXIT_GRACE_MS;
        resolve(stuck ? 'something open that a test left behind' : (signal ?? `exit code ${code}`));
      });
    });
    return countsOf(run.project, readResult(resultFile), ended);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readResult(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}
