import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readStackStatus, stopStack } from '../src/index.ts';
import { commandsNaming, isRunning } from './process-state.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

describe('a foreground stack', () => {
  let stateDirectory = '';
  beforeEach(() => {
    stateDirectory = mkdtempSync(join(tmpdir(), 'hasivu-fore-'));
    chmodSync(stateDirectory, 0o755);
  });
  afterEach(async () => {
    await stopStack(stateDirectory, { wipe: true });
    rmSync(stateDirectory, { recursive: true, force: true });
  });

  const up = (): ChildProcess => {
    const { NODE_OPTIONS: _testRunner, ...env } = process.env;
    const args = [
      '--disable-warning=ExperimentalWarning',
      MAIN,
      'up',
      '--foreground',
      '--state',
      stateDirectory,
    ];
    return spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const nothingLeft = async (): Promise<void> => {
    while (commandsNaming(stateDirectory).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 100));
  };

  test('ends with the process that started it, even when that is killed with -9', async () => {
    const starter = up();
    await once(starter.stdout ?? starter, 'data');
    const keeper = (await readStackStatus(stateDirectory))?.keeperPid ?? 0;
    expect(isRunning(keeper)).toBe(true);
    starter.kill('SIGKILL');
    await nothingLeft();
    expect(isRunning(keeper)).toBe(false);
    expect(await readStackStatus(stateDirectory)).toMatchObject({ state: 'stopped' });
  });

  test('killed in the middle of its start, it leaves nothing either', async () => {
    const starter = up();
    while (!existsSync(join(stateDirectory, 'control.json')))
      await new Promise((resolve) => setTimeout(resolve, 20));
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    await nothingLeft();
    expect(commandsNaming(stateDirectory)).toEqual([]);
  });

  test('stops cleanly at Ctrl-C', async () => {
    const starter = up();
    await once(starter.stdout ?? starter, 'data');
    starter.kill('SIGINT');
    const [exitCode] = (await once(starter, 'exit')) as [number];
    expect(exitCode).toBe(0);
    expect(commandsNaming(stateDirectory)).toEqual([]);
  });
});
