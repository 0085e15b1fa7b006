import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliContext } from '../cli-context.ts';
import { readRunRecord } from '../group/run-record.ts';
import { demoDirectory } from './demo-config.ts';

const STARTS_WITHIN_MS = 20_000;
const ENDS_WITHIN_MS = 90_000;
const POLL_MS = 200;

/** Starts `hasivu run` as a process of its own that outlives this one. Returns its process id. */
export async function runInBackground(context: CliContext, configPath: string): Promise<number> {
  const logs = join(demoDirectory(context), 'logs');
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, 'run.log'), 'a');
  const main = join(context.root, 'services', 'cli', 'src', 'main.ts');
  const child = spawn(
    context.nodePath,
    ['--disable-warning=ExperimentalWarning', main, 'run', '-f', configPath],
    {
      cwd: context.root,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...context.env, HASIVU_STATE_DIR: context.stateDir },
    },
  );
  closeSync(log);
  child.unref();
  const deadlineMs = performance.now() + STARTS_WITHIN_MS;
  while (readRunRecord(context.stateDir)?.pid !== child.pid && performance.now() < deadlineMs)
    await sleep(POLL_MS);
  return child.pid ?? -1;
}

/** Stops the group that an earlier demo left running; false when there was none. */
export async function stopEarlierGroup(context: CliContext, configPath: string): Promise<boolean> {
  const record = readRunRecord(context.stateDir);
  if (!record?.alive || record.configPath !== configPath) return false;
  process.kill(record.pid, 'SIGTERM');
  const deadlineMs = performance.now() + ENDS_WITHIN_MS;
  while (readRunRecord(context.stateDir)?.alive && performance.now() < deadlineMs) await sleep(POLL_MS);
  return true;
}
