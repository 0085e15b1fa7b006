import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StormChildInput } from './storm-child.ts';

const { NODE_OPTIONS: _testRunner, JEST_WORKER_ID: _worker, ...ENV } = process.env;
const STOPS_WITHIN_MS = 120_000;
const COMPLAINT_CHARACTERS = 4_000;

/** A process of the storm that ends when it is told to, and never by itself. */
export class StormProcess {
  /** When it has opened the table, or ended. */
  readonly ready: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<string>;
  #told = false;
  #complaint = '';
  failure: string | null = null;

  constructor(input: StormChildInput, compileCache: string) {
    this.#name = input.members.map(({ role, writer }) => `${role} ${writer}`).join(', ');
    this.#child = spawn(process.execPath, [join(import.meta.dirname, 'storm-child.ts')], {
      env: { ...ENV, STORM: JSON.stringify(input), NODE_COMPILE_CACHE: compileCache },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child.stderr
      ?.setEncoding('utf8')
      .on(
        'data',
        (text: string) => (this.#complaint = (this.#complaint + text).slice(-COMPLAINT_CHARACTERS)),
      );
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        const end = signal ?? `exit ${code}`;
        if (!this.#told) this.failure = `${this.#name} ended by itself (${end}):\n${this.#complaint}`;
        resolve(end);
      });
    });
    this.ready = Promise.race([once(this.#child, 'message'), this.#ended]);
  }

  go(): void {
    if (this.#child.connected) this.#child.send('go');
  }

  async kill(): Promise<void> {
    this.#told = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it end what it has begun. */
  async stop(): Promise<void> {
    this.#told = true;
    this.#child.kill('SIGTERM');
    const late = sleep(STOPS_WITHIN_MS, 'late', { ref: false });
    const end = await Promise.race([this.#ended, late]);
    // By the signal itself: it had not begun to work.
    if (end !== 'exit 0' && end !== 'SIGTERM')
      throw new Error(`${this.#name} did not stop as it should (${end}):\n${this.#complaint}`);
  }
}
