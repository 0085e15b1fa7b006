import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { PlatformError } from '@hasivu/errors';
import { environment, type PythonOptions } from './python.ts';

// Libraries that print must not be taken for answers: those go to what stdout was, which then becomes stderr.
const LOOP = `
import json, os, sys, traceback
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
sys.path.insert(0, os.path.dirname(sys.argv[1]))
scope = {'__name__': 'session'}
exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'), scope)
for line in sys.stdin:
    try:
        answer = {'answer': scope['handle'](json.loads(line))}
    except Exception:
        answer = {'error': traceback.format_exc()}
    print(json.dumps(answer), file=answers, flush=True)
os._exit(0)
`;
const COMPLAINT_CHARACTERS = 8_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A Python process that lives on between questions, for oracles that are dear to start. One question at a time. */
export class PythonSession implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<void>;
  #waiting: Waiting | null = null;
  #complaints = '';

  private constructor(program: string, script: string, env: Readonly<Record<string, string>>) {
    this.#child = spawn(program, ['-c', LOOP, script], {
      env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1', ...env },
      stdio: 'pipe',
    });
    this.#child.stderr
      .setEncoding('utf8')
      .on(
        'data',
        (text: string) => (this.#complaints = (this.#complaints + text).slice(-COMPLAINT_CHARACTERS)),
      );
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answer(line));
    this.#child.stdin.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', (exitCode) => {
        this.#waiting?.reject(failed(`it ended with ${exitCode}:\n${this.#complaints.trim()}`));
        resolve();
      });
    });
  }

  /** `script` is the path of a `.py` file with a function `handle(request)`, which gets and returns what JSON can hold. */
  static async open(script: string, options: Omit<PythonOptions, 'stdin'> = {}): Promise<PythonSession> {
    const home = await environment(options.requirements ?? 'requirements-test.txt');
    return new PythonSession(join(home, 'bin', 'python'), script, options.env ?? {});
  }

  /** @throws STACK_PYTHON_SCRIPT_FAILED with Python's own traceback */
  async ask<T>(request: unknown): Promise<T> {
    if (this.#waiting !== null) throw new TypeError('the session is still busy with another question');
    if (this.#child.exitCode !== null) throw failed(`it has ended:\n${this.#complaints.trim()}`);
    return await new Promise<T>((resolve, reject) => {
      this.#waiting = { resolve: resolve as (answer: unknown) => void, reject };
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  #answer(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    const { answer, error } = JSON.parse(line) as { answer?: unknown; error?: string };
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(failed(error.trim()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }
}

function failed(why: string): PlatformError {
  return new PlatformError('STACK_PYTHON_SCRIPT_FAILED', { doing: 'asking a Python oracle', why });
}
