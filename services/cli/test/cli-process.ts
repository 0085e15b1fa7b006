import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'services/cli/src/main.ts');
const { NODE_OPTIONS: _testRunner, JEST_WORKER_ID: _worker, ...ENV } = process.env;

export interface CliAnswer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line to its end. */
export function hasivu(stateDir: string, ...argv: string[]): Promise<CliAnswer> {
  return new Promise((resolve) => {
    const env = { ...ENV, HASIVU_STATE_DIR: stateDir };
    const child = execFile(
      process.execPath,
      [MAIN, ...argv],
      { cwd: ROOT, env, maxBuffer: 64 << 20 },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

/** A command that goes on until it is stopped. */
export class LongCommand implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  out = '';

  constructor(stateDir: string, ...argv: string[]) {
    this.#child = spawn(process.execPath, [MAIN, ...argv], {
      cwd: ROOT,
      env: { ...ENV, HASIVU_STATE_DIR: stateDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.out += chunk));
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}
