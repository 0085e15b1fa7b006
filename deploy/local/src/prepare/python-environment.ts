import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import { findProgram, installCommand } from '../install-command.ts';
import type { Report } from '../report.ts';
import { cachedDirectory } from './cache-directory.ts';
import { runTool } from './run-tool.ts';

export interface PythonEnvironmentOptions {
  /** Name of a pinned list beside this package: `requirements-test.txt`. */
  readonly requirements: string;
  readonly label: string;
  readonly cache: string;
  readonly report: Report;
  readonly env?: NodeJS.ProcessEnv;
}

/** A virtual environment in the cache with the packages of one requirements file; returns its directory. */
export async function pythonEnvironment(options: PythonEnvironmentOptions): Promise<string> {
  const env = options.env ?? process.env;
  const requirements = join(import.meta.dirname, '../..', options.requirements);
  const recipe = readFileSync(requirements, 'utf8');
  const name = options.requirements.replace(/^requirements/, 'python').replace(/\.txt$/, '');
  return await cachedDirectory({ ...options, name, recipe }, async (directory) => {
    const doing = `installing ${options.label}`;
    const python = findProgram('python3', env['PATH'] ?? '');
    if (python === null) {
      const why = `Python 3 is missing; install it with: ${installCommand('python', env['PATH'])}`;
      throw new PlatformError('STACK_PYTHON_MISSING', { doing, why });
    }
    await runTool(python, ['-m', 'venv', directory], { doing, code: 'STACK_PYTHON_VENV_MISSING', env }).catch(
      (cause: unknown) => {
        const why = `python3 -m venv failed; install the module with: ${installCommand('python-venv', env['PATH'])}`;
        throw new PlatformError('STACK_PYTHON_VENV_MISSING', { doing, why, cause });
      },
    );
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '-r',
      requirements,
    ];
    await runTool(join(directory, 'bin', 'python'), pip, { doing, code: 'STACK_DOWNLOAD_FAILED', env });
  });
}
