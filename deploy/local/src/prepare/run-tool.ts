import { spawn } from 'node:child_process';
import { PlatformError, type ErrorCode } from '@hasivu/errors';

const KEPT_OUTPUT_CHARS = 4_000;

/** Runs an installer to its end; the end of what it printed goes into the error when it fails. */
export async function runTool(
  command: string,
  args: readonly string[],
  options: {
    readonly doing: string;
    readonly code: ErrorCode;
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
  },
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (cause) =>
      reject(
        new PlatformError(options.code, { doing: options.doing, why: `${command} could not be run`, cause }),
      ),
    );
    child.once('close', (exitCode, signal) => {
      if (exitCode === 0) return resolve(output);
      const why = `${command} ended with ${signal ?? `exit code ${exitCode}`}:\n${output.trim()}\n`;
      reject(new PlatformError(options.code, { doing: options.doing, why }));
    });
  });
}
