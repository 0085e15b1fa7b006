import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import { cacheDirectory, pythonEnvironment } from '@hasivu/local-stack';

// Readers with threads of their own can abort while the interpreter takes itself down, long after the answer is printed:
// the process ends without that.
const RUN = `
import os, runpy, sys
sys.argv = sys.argv[1:]
if sys.argv[0].endswith('.py'):
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name='__main__')
else:
    exec(compile(sys.argv[0], 'oracle', 'exec'), {'__name__': '__main__'})
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
`;

const environments = new Map<string, Promise<string>>();

export interface PythonOptions {
  /** A pinned list of deploy/local; `requirements-test.txt` by default. */
  readonly requirements?:
    'requirements-test.txt' | 'requirements-interop.txt' | 'requirements-avro.txt' | 'requirements-bench.txt';
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/**
 * Runs Python as an oracle nobody here wrote: `script` is source text, or the path of a `.py` file. Resolves with what
 * it printed; fails with the end of its stderr when it ends with an error.
 */
export async function python(
  script: string,
  args: readonly string[] = [],
  options: PythonOptions = {},
): Promise<string> {
  const program = join(await environment(options.requirements ?? 'requirements-test.txt'), 'bin', 'python');
  return await new Promise((resolve, reject) => {
    const child = spawn(program, ['-c', RUN, script, ...args], {
      env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1', ...options.env },
      stdio: 'pipe',
    });
    let printed = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
    child.stderr
      .setEncoding('utf8')
      .on('data', (chunk: string) => (complaints = (complaints + chunk).slice(-8_000)));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      if (exitCode === 0) return resolve(printed);
      const why = `it ended with ${exitCode}:\n${complaints.trim()}`;
      reject(new PlatformError('STACK_PYTHON_SCRIPT_FAILED', { doing: 'running a Python oracle', why }));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}

/** Makes the environment ready ahead of the first test that needs it; instant once it is in the cache. */
export function environment(requirements: NonNullable<PythonOptions['requirements']>): Promise<string> {
  const known = environments.get(requirements);
  if (known !== undefined) return known;
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const made = pythonEnvironment({
    requirements,
    label: 'Python packages of the tests',
    cache: cacheDirectory(),
    report,
  });
  environments.set(requirements, made);
  return made;
}
