import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@hasivu/errors';
import { askKeeper } from './control-client.ts';
import { withFileLock } from './file-lock.ts';
import { makePlan } from './make-plan.ts';
import { startPart } from './part-commands.ts';
import { postgresVersion } from './postgres-version.ts';
import type { Report } from './report.ts';
import type { StackPlan } from './stack-plan.ts';
import { killStaleServers } from './stale-servers.ts';
import {
  DEFAULT_STATE_DIRECTORY,
  readJson,
  removeFile,
  stateFiles,
  writePrivateJson,
} from './state-directory.ts';
import { PART_NAMES, type PartName, type StackStatus } from './stack-status.ts';
import { stopStack } from './stop-stack.ts';

const LOCK_TIMEOUT_MS = 40 * 60_000;
const POLL_MS = 150;
const KEEPER_ANSWERS_WITHIN_MS = 30_000;
const LABELS: Readonly<Record<PartName, string>> = {
  postgres: 'PostgreSQL',
  kafka: 'Apache Kafka',
  registry: 'schema registry',
  s3: 'object store',
};

export interface StartStackOptions {
  /** Where the stack keeps its data, logs and status; `.hasivu/stack` of this checkout when left out. */
  readonly stateDirectory?: string;
  /** `foreground` (default): the servers end when this process ends, however it ends. `detached`: only by stopStack. */
  readonly mode?: StackStatus['mode'];
  /** Delete data, logs and credentials when the stack ends, however it ends. For tests. */
  readonly ephemeral?: boolean;
  /** Receives progress lines for a person. */
  readonly report?: Report;
  /** Where HASIVU_POSTGRES_URL and its like are read; the environment of this process when left out. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface RunningStack extends AsyncDisposable {
  readonly status: StackStatus;
  /** False when the stack was already running and this start only joined it. */
  readonly startedHere: boolean;
  readonly stop: () => Promise<void>;
}

/**
 * Starts every server that the environment does not name and waits until all are healthy. A stack that already runs in
 * this directory is joined: its failed or stopped parts are started again.
 */
export async function startStack(options: StartStackOptions = {}): Promise<RunningStack> {
  const report = options.report ?? ((): void => undefined);
  const wanted = options.stateDirectory ?? DEFAULT_STATE_DIRECTORY;
  mkdirSync(wanted, { recursive: true, mode: 0o755 });
  const stateDirectory = realpathSync(wanted);
  const lock = {
    timeoutMs: LOCK_TIMEOUT_MS,
    onWait: () => report('another start is under way in this directory, waiting'),
  };
  return await withFileLock(stateFiles(stateDirectory).lock, lock, async () => {
    const env = options.env ?? process.env;
    const joined = await joinRunning(stateDirectory, report, env);
    if (joined !== null) return running(joined, false);
    forgetLeftovers(stateDirectory, report);
    const mode = options.mode ?? 'foreground';
    const plan = await makePlan({
      stateDirectory,
      mode,
      ephemeral: options.ephemeral ?? false,
      report,
      env,
    });
    writePrivateJson(stateFiles(stateDirectory).plan, plan);
    spawnKeeper(stateDirectory, mode);
    return running(await untilHealthy(stateDirectory, report), true);
  });
}

function running(status: StackStatus, startedHere: boolean): RunningStack {
  const stop = async (): Promise<void> => {
    await stopStack(status.stateDirectory);
  };
  return { status, startedHere, stop, [Symbol.asyncDispose]: stop };
}

async function joinRunning(
  stateDirectory: string,
  report: Report,
  env: NodeJS.ProcessEnv,
): Promise<StackStatus | null> {
  const answer = await askKeeper(stateDirectory, 'GET', '/status');
  if (answer === null) return null;
  demandVersion(stateDirectory, env);
  for (const name of PART_NAMES) {
    const { state } = answer.body[name];
    if (state !== 'failed' && state !== 'stopped') continue;
    report(`${LABELS[name]}: starting again`);
    await startPart(name, stateDirectory);
  }
  return await untilHealthy(stateDirectory, () => undefined);
}

/** Whoever asks for a version by name must not be given another one. */
function demandVersion(stateDirectory: string, env: NodeJS.ProcessEnv): void {
  const plan = readJson(stateFiles(stateDirectory).plan) as StackPlan | null;
  const running = plan?.postgres?.version;
  if (running === undefined || !env['HASIVU_POSTGRES_VERSION'] || postgresVersion(env) === running) return;
  throw new PlatformError('STACK_POSTGRES_VERSION', {
    doing: 'joining the running stack',
    why: `it has PostgreSQL ${running}, and HASIVU_POSTGRES_VERSION asks for ${postgresVersion(env)}`,
  });
}

function forgetLeftovers(stateDirectory: string, report: Report): void {
  const files = stateFiles(stateDirectory);
  const stale = readJson(files.status) as StackStatus | null;
  if (stale !== null && killStaleServers(stale).length > 0)
    report('ended servers that an earlier start left behind');
  removeFile(files.control);
  removeFile(files.status);
}

function spawnKeeper(stateDirectory: string, mode: StackStatus['mode']): void {
  const log = openSync(stateFiles(stateDirectory).keeperLog, 'a', 0o600);
  const { NODE_OPTIONS: _testRunner, ...env } = process.env;
  const main = join(import.meta.dirname, 'keeper', 'main.ts');
  const args = ['--disable-warning=ExperimentalWarning', main, stateDirectory];
  const stdin = mode === 'foreground' ? 'pipe' : 'ignore';
  // A session of its own: Ctrl-C goes to the whole foreground group, and the keeper stops the servers in its own order.
  const keeper = spawn(process.execPath, args, {
    cwd: stateDirectory,
    env,
    detached: true,
    stdio: [stdin, log, log],
  });
  closeSync(log);
  // Neither the process nor its pipe keeps us alive; the pipe stays open until we end.
  keeper.unref();
  keeper.stdin?.on('error', () => undefined);
  (keeper.stdin as { unref?: () => void } | null)?.unref?.();
}

async function untilHealthy(stateDirectory: string, report: Report): Promise<StackStatus> {
  const told = new Set<PartName>();
  const deadline = performance.now() + KEEPER_ANSWERS_WITHIN_MS;
  for (;;) {
    const answer = await askKeeper(stateDirectory, 'GET', '/status');
    if (answer === null) {
      if (performance.now() > deadline)
        throw failure(stateDirectory, 'the keeper process did not answer', 'keeper');
    } else {
      const status = answer.body;
      for (const name of PART_NAMES) {
        if (status[name].state !== 'running' || told.has(name)) continue;
        told.add(name);
        report(`${LABELS[name]}: ready at ${publicAddress(status, name)}`);
      }
      if (status.state === 'running') return status;
      const failed = PART_NAMES.find((name) => status[name].state === 'failed');
      if (failed !== undefined) {
        if (status.mode === 'foreground') await stopStack(stateDirectory);
        throw failure(stateDirectory, `${LABELS[failed]}: ${status[failed].reason ?? 'failed'}`, failed);
      }
    }
    await sleep(POLL_MS);
  }
}

function failure(stateDirectory: string, why: string, part: string): PlatformError {
  const { log, keeperLog } = stateFiles(stateDirectory);
  const file = part === 'keeper' ? keeperLog : log(part);
  return new PlatformError('STACK_PART_FAILED', {
    doing: 'starting the local stack',
    why: `${why} (log: ${file})`,
    context: { part },
  });
}

/** The address without credentials. */
export function publicAddress(status: StackStatus, name: PartName): string {
  switch (name) {
    case 'postgres': {
      const url = new URL(status.postgres.url);
      return `${url.hostname}:${url.port}`;
    }
    case 'kafka':
      return status.kafka.brokers.join(',');
    case 'registry':
      return status.registry.url;
    case 's3':
      return status.s3.endpoint;
  }
}
