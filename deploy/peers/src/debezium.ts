import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { choosePorts, OrphanGuard } from '@hasivu/local-stack';

import type { ConnectInstallation } from './connect-installation.ts';
import {
  connectorProperties,
  propertiesText,
  workerProperties,
  type DebeziumSettings,
} from './debezium-settings.ts';

const CONNECTOR = 'debezium';
const HEAP = ['-Xms256m', '-Xmx2g'];
const LOGGING = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
];
const RUNS_WITHIN_MS = 180_000;
const STOPS_WITHIN_MS = 30_000;
const POLL_MS = 100;
const KEPT_LOG_CHARS = 4_000;

let guard: OrphanGuard | null = null;

/**
 * Debezium in a standalone worker of Kafka Connect: one JVM, one connector, one task. It keeps its offsets in a
 * directory of its own, so that every start is a first one. Disposing it stops it.
 */
export class Debezium implements AsyncDisposable {
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #restUrl: string;
  readonly #exited: Promise<void>;
  #ended = false;

  private constructor(directory: string, child: ChildProcess, restUrl: string) {
    this.#directory = directory;
    this.#child = child;
    this.#restUrl = restUrl;
    this.#exited = new Promise((resolve) => {
      child.once('close', () => {
        if (child.pid !== undefined) guard?.forget(child.pid);
        this.#ended = true;
        resolve();
      });
    });
  }

  /** Starts the worker and its connector without waiting for them. */
  static async start(installation: ConnectInstallation, settings: DebeziumSettings): Promise<Debezium> {
    const directory = mkdtempSync(join(tmpdir(), 'hasivu-debezium-'));
    const [port = 0] = await choosePorts(1);
    const files = {
      worker: join(directory, 'worker.properties'),
      connector: join(directory, 'connector.properties'),
    };
    const facts = { pluginPath: installation.pluginPath, offsetsFile: join(directory, 'offsets'), port };
    writeFileSync(files.worker, propertiesText(workerProperties(settings, facts)), { mode: 0o600 });
    writeFileSync(files.connector, propertiesText(connectorProperties(CONNECTOR, settings)), { mode: 0o600 });
    const classPath = ['-cp', join(installation.workerJars, '*')];
    const main = ['org.apache.kafka.connect.cli.ConnectStandalone', files.worker, files.connector];
    const log = openSync(join(directory, 'connect.log'), 'a');
    guard ??= new OrphanGuard();
    // A process group of its own: a Ctrl-C in the terminal ends whoever started it, who then stops it in order.
    const child = spawn(installation.java, [...HEAP, ...LOGGING, ...classPath, ...main], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    if (child.pid !== undefined) guard.watch(child.pid);
    return new Debezium(directory, child, `http://127.0.0.1:${port}`);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('Java could not be started');
    return this.#child.pid;
  }

  /** The end of the worker's log. */
  get log(): string {
    return readFileSync(join(this.#directory, 'connect.log'), 'utf8').slice(-KEPT_LOG_CHARS);
  }

  /** Waits until the connector's task runs. @throws Error with the task's trace, or the log, when it fails instead */
  async waitRunning(signal?: AbortSignal): Promise<this> {
    const deadline = performance.now() + RUNS_WITHIN_MS;
    for (;;) {
      signal?.throwIfAborted();
      const state = await this.taskState();
      if (state === 'RUNNING') return this;
      if (performance.now() > deadline) throw new Error(`Debezium's task did not run in time:\n${this.log}`);
      await sleep(POLL_MS);
    }
  }

  /** `RUNNING`, or null while there is no task yet. @throws Error when the task has failed or the worker has ended */
  async taskState(): Promise<string | null> {
    if (this.#ended) throw new Error(`Kafka Connect has ended:\n${this.log}`);
    const status = await this.#status();
    const task = status?.tasks[0];
    if (task?.state === 'FAILED') throw new Error(`Debezium's task has failed:\n${task.trace ?? this.log}`);
    return task?.state ?? null;
  }

  /** Ends the worker as a service manager would; it flushes its offsets. Kills it when it does not end. */
  async stop(): Promise<void> {
    if (!this.#ended) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOPS_WITHIN_MS);
      await this.#exited;
      clearTimeout(timer);
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #status(): Promise<ConnectorStatus | null> {
    try {
      const answer = await fetch(`${this.#restUrl}/connectors/${CONNECTOR}/status`, {
        signal: AbortSignal.timeout(5_000),
      });
      return answer.ok ? ((await answer.json()) as ConnectorStatus) : null;
    } catch {
      return null; // The worker does not listen yet.
    }
  }
}

interface ConnectorStatus {
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
}
