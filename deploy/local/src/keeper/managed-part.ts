import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerPart } from '../parts/server-part.ts';
import type { PartState } from '../stack-status.ts';
import type { OrphanGuard } from './orphan-guard.ts';

const HEALTHY_WITHIN_MS = 180_000;
const PROBE_EVERY_MS = 200;
const RESPAWN_AFTER_MS = 250;
const KILL_WAIT_MS = 10_000;

/** One server process over its starts and stops. Commands run one after the other. */
export class ManagedPart {
  readonly part: ServerPart;
  readonly log: string;
  readonly #guard: OrphanGuard;
  readonly #changed: () => void;
  #state: PartState = 'stopped';
  #reason: string | null = null;
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #queue: Promise<void> = Promise.resolve();
  #shuttingDown = false;

  constructor(part: ServerPart, log: string, guard: OrphanGuard, changed: () => void) {
    this.part = part;
    this.log = log;
    this.#guard = guard;
    this.#changed = changed;
  }

  get state(): PartState {
    return this.#state;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get reason(): string | null {
    return this.#reason;
  }

  /** Resolves when the server is healthy, rejects with the reason when it ends before or takes too long. */
  start(): Promise<void> {
    return this.#enqueue(() => this.#start());
  }

  stop(): Promise<void> {
    return this.#enqueue(() => this.#stop());
  }

  kill(): Promise<void> {
    return this.#enqueue(() => this.#kill());
  }

  /** Stops for good: a start under way gives up at its next probe. */
  shutDown(): Promise<void> {
    this.#shuttingDown = true;
    return this.#enqueue(() => this.#stop());
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #start(): Promise<void> {
    if (this.#state === 'running' && this.#child !== null) return;
    this.#become('starting');
    try {
      await this.part.setUp();
      await this.#spawnUntilHealthy(this.part.startAttempts ?? 1);
      this.#become('running');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (this.#child !== null) await this.#kill();
      this.#become('failed', reason);
      throw cause;
    }
  }

  async #spawnUntilHealthy(attempts: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (this.#shuttingDown) throw new Error('the stack is being stopped');
      this.#spawn();
      try {
        return await this.#untilHealthy();
      } catch (cause) {
        if (this.#child !== null || attempt === attempts || this.#shuttingDown) throw cause;
        await sleep(RESPAWN_AFTER_MS);
      }
    }
  }

  #spawn(): void {
    const { command, args, env, cwd, user } = this.part.launch;
    const output = openSync(this.log, 'a', 0o600);
    const identity = user === null ? {} : { uid: user.uid, gid: user.gid };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', output, output], ...identity });
    closeSync(output);
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) this.#guard.watch(pid);
    this.#exited = new Promise((resolve) => {
      const gone = (why: string): void => {
        if (pid !== undefined) this.#guard.forget(pid);
        if (this.#child === child) {
          this.#child = null;
          if (this.#state === 'running') this.#become('failed', why);
          else this.#reason = why;
        }
        resolve();
      };
      child.once('error', (cause) => gone(`${command} could not be run: ${cause.message}`));
      child.once('exit', (exitCode, signal) =>
        gone(`the process ended by itself with ${signal ?? `exit code ${exitCode}`}`),
      );
    });
  }

  async #untilHealthy(): Promise<void> {
    const deadline = performance.now() + HEALTHY_WITHIN_MS;
    let last = 'no answer';
    while (performance.now() < deadline) {
      if (this.#child === null) throw new Error(this.#reason ?? 'the process ended');
      if (this.#shuttingDown) throw new Error('the stack is being stopped');
      try {
        return await this.part.probe();
      } catch (cause) {
        last = cause instanceof Error ? cause.message : String(cause);
      }
      await sleep(PROBE_EVERY_MS);
    }
    throw new Error(`not healthy after ${HEALTHY_WITHIN_MS / 1000} s: ${last}`);
  }

  async #stop(): Promise<void> {
    if (this.#child !== null && this.#state === 'running') this.#state = 'stopped';
    for (const { signal, waitMs } of this.part.stopSignals) {
      if (this.#child === null) break;
      this.#child.kill(signal);
      await this.#exitedWithin(waitMs);
    }
    await this.#kill();
  }

  async #kill(): Promise<void> {
    if (this.#child !== null) {
      this.#state = 'stopped';
      this.#child.kill('SIGKILL');
      await this.#exitedWithin(KILL_WAIT_MS);
    }
    for (const path of this.part.leftovers ?? []) rmSync(path, { force: true });
    this.#become('stopped');
  }

  async #exitedWithin(waitMs: number): Promise<void> {
    const timer = new AbortController();
    await Promise.race([
      this.#exited,
      sleep(waitMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
  }

  #become(state: PartState, reason: string | null = null): void {
    this.#state = state;
    this.#reason = reason;
    this.#changed();
  }
}
