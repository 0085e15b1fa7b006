import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@hasivu/errors';

const POLL_MS = 150;
/** A connection that nothing refers to is collected and closed, and its lock with it, while its holder still waits. */
const held = new Set<object>();

/**
 * Runs `work` while no other process is inside for the same file. The lock is SQLite's own file lock: the kernel lets
 * go of it when its holder dies, so a crash leaves nothing to clean up and nothing to steal.
 */
export async function withFileLock<T>(
  path: string,
  options: { readonly timeoutMs: number; readonly onWait?: () => void },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    const deadline = performance.now() + options.timeoutMs;
    for (let attempt = 0; ; attempt++) {
      try {
        database.exec('BEGIN EXCLUSIVE');
        break;
      } catch (cause) {
        if (performance.now() > deadline)
          throw new PlatformError('STACK_BUSY', { doing: `waiting for the lock ${path}`, cause });
        if (attempt === 0) options.onWait?.();
        await sleep(POLL_MS);
      }
    }
    held.add(database);
    return await work();
  } finally {
    held.delete(database);
    database.close();
  }
}
