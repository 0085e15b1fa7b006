import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { OrphanGuard, WORKSPACE_ROOT } from '@hasivu/local-stack';
import { demandSuffix } from './server-suffix.ts';
import { waitFor } from './wait-for.ts';

const READY_WITHIN_MS = 60_000;
const KEPT_LINES = 2_000;

export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** More arguments after `--config <path>`. */
  readonly args?: readonly string[];
  /** Arguments of Node itself, before the program. */
  readonly nodeArgs?: readonly string[];
}

let guard: OrphanGuard | null = null;

/** One service in a process of its own, as in production. Disposing it kills it. */
export class SpawnedService implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly exited: Promise<ServiceExit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #exit: ServiceExit | null = null;

  constructor(name: string, child: ChildProcess, port: number) {
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) this.#keepLines(stream);
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        if (child.pid !== undefined) guard?.forget(child.pid);
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} could not be started`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#exit === null;
  }

  /** What it printed, a line each (its logs are JSON lines), the last 2,000 of them. */
  get output(): readonly string[] {
    return this.#lines;
  }

  /** The lines that are JSON objects, parsed. */
  get logs(): readonly Record<string, unknown>[] {
    return this.#lines.flatMap((line) => {
      try {
        return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [];
      } catch {
        return [];
      }
    });
  }

  /** Resolves when `/readyz` says 200; fails at once, with the last lines of its log, when the process ends before. */
  async waitReady(timeoutMs = READY_WITHIN_MS): Promise<this> {
    const ready = waitFor(`${this.name} to be ready`, () => this.#exit !== null || this.#answers('/readyz'), {
      timeoutMs,
    });
    await ready.catch((cause: unknown) => {
      throw new Error(`${this.name} did not become ready:\n${this.#lastLines()}`, { cause });
    });
    if (this.#exit !== null)
      throw new Error(`${this.name} ended with ${JSON.stringify(this.#exit)}:\n${this.#lastLines()}`);
    return this;
  }

  async metrics(): Promise<string> {
    return await (await fetch(`${this.url}/metrics`)).text();
  }

  /** kill -9: no drain, no goodbye. */
  async kill(): Promise<ServiceExit> {
    this.#child.kill('SIGKILL');
    return await this.exited;
  }

  /** SIGTERM and wait: the service drains what it has. */
  async stop(): Promise<ServiceExit> {
    this.#child.kill('SIGTERM');
    return await this.exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exit === null) await this.kill();
  }

  async #answers(path: string): Promise<boolean> {
    return (await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(5_000) })).status === 200;
  }

  #keepLines(stream: NodeJS.ReadableStream | null): void {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      if (this.#lines.length > KEPT_LINES) this.#lines.splice(0, this.#lines.length - KEPT_LINES);
    });
    stream?.on('end', () => {
      if (rest !== '') this.#lines.push(rest);
    });
  }

  #lastLines(): string {
    return this.#lines.slice(-20).join('\n');
  }
}

/** Starts `services/<name>/src/main.ts --config <path>` on the Node that runs the tests. It dies with the test process. */
export async function spawnService(
  name: string,
  configPath: string,
  options: SpawnOptions = {},
): Promise<SpawnedService> {
  demandSuffix('spawnService()', 'service');
  guard ??= new OrphanGuard();
  const port = await freePort();
  const { NODE_OPTIONS: _testRunner, JEST_WORKER_ID: _worker, ...env } = process.env;
  const main = join(WORKSPACE_ROOT, 'services', name, 'src', 'main.ts');
  const args = [...(options.nodeArgs ?? []), main, '--config', configPath, ...(options.args ?? [])];
  const child = spawn(process.execPath, args, {
    cwd: WORKSPACE_ROOT,
    env: { ...env, HASIVU_HTTP_PORT: String(port), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) guard.watch(child.pid);
  return new SpawnedService(name, child, port);
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
