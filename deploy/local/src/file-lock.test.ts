import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withFileLock } from './file-lock.ts';

describe('withFileLock', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hasivu-lock-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('lets one in at a time, also after a failure', async () => {
    const path = join(directory, 'lock');
    let inside = 0;
    const work = async (fails: boolean): Promise<void> => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      inside--;
      if (fails) throw new Error('inside');
    };
    const tries = [false, true, false].map((fails) =>
      withFileLock(path, { timeoutMs: 20_000 }, () => work(fails)),
    );
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('another process keeps it until it dies, however it dies, and whatever is collected there', async () => {
    const path = join(directory, 'lock');
    const script = `import { withFileLock } from ${JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)};
      await withFileLock(process.argv[1], { timeoutMs: 1000 }, async () => {
        setTimeout(() => { gc(); setTimeout(() => console.log('held'), 100); setInterval(() => {}, 1000); }, 10);
        await new Promise(() => {});
      });`;
    const holder = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    });
    try {
      await once(holder.stdout, 'data');
      await expect(withFileLock(path, { timeoutMs: 0 }, () => Promise.resolve())).rejects.toThrow(
        'STACK_BUSY',
      );
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    expect(await withFileLock(path, { timeoutMs: 0 }, () => Promise.resolve('in'))).toBe('in');
  });
});
