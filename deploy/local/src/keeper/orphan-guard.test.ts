import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { isRunning } from '../../test/process-state.ts';

/** A process that owns a guard and two children, prints their ids, and waits to be killed. */
const OWNER = `
import { spawn } from 'node:child_process';
import { OrphanGuard } from ${JSON.stringify(new URL('./orphan-guard.ts', import.meta.url).href)};
const guard = new OrphanGuard();
const child = () => spawn('sleep', ['300'], { stdio: 'ignore', detached: true }).pid;
const [watched, forgotten] = [child(), child()];
guard.watch(watched); guard.watch(forgotten); guard.forget(forgotten);
console.log(JSON.stringify({ watched, forgotten }));
setInterval(() => {}, 1000);
`;

describe('OrphanGuard', () => {
  test('kills what it watches, and only that, when its owner is killed with -9', async () => {
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = (await once(owner.stdout, 'data')) as [Buffer];
    const { watched, forgotten } = JSON.parse(printed.toString()) as { watched: number; forgotten: number };
    expect(isRunning(watched)).toBe(true);
    owner.kill('SIGKILL');
    while (isRunning(watched)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isRunning(forgotten)).toBe(true);
    process.kill(forgotten, 'SIGKILL');
  });
});
