import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@hasivu/local-stack';
import { environment } from './python.ts';

/**
 * One stack for the whole run, in the foreground of the test process: it ends when that ends, however it ends. With
 * HASIVU_TEST_STACK set the run attaches to the stack whose status file that is.
 */
export default async function setUp(): Promise<void> {
  await environment('requirements-test.txt');
  if (process.env['HASIVU_TEST_STACK'] !== undefined) return;
  const report = (line: string): void => void process.stderr.write(`stack: ${line}\n`);
  const stateDirectory = mkdtempSync(join(tmpdir(), 'hasivu-test-'));
  // PostgreSQL may run as another user and has to walk here.
  chmodSync(stateDirectory, 0o755);
  const stack = await startStack({ stateDirectory, mode: 'foreground', ephemeral: true, report });
  process.env['HASIVU_TEST_STACK'] = join(stack.status.stateDirectory, 'status.json');
  (globalThis as { hasivuStack?: typeof stack }).hasivuStack = stack;
}
