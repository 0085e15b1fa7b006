import { readFileSync } from 'node:fs';
import {
  type PartName,
  killPart,
  readStackStatus,
  restartPart,
  startPart,
  stopPart,
  type StackStatus,
} from '@hasivu/local-stack';
import { demandSuffix } from './server-suffix.ts';

/** Environment variable with the path of the status file of the stack that the tests use. */
export const TEST_STACK = 'HASIVU_TEST_STACK';

/**
 * Connection facts of the stack this run uses. Synchronous, so that a `describe` block can read it. A missing stack is
 * a failure and never a skip.
 */
export function stack(): StackStatus {
  demandSuffix('stack()', 'postgres', 'kafka', 'registry', 's3', 'service');
  const path = process.env[TEST_STACK];
  if (path === undefined)
    throw new Error(
      `no stack: run the tests with npm test, or set ${TEST_STACK} to the status file of one that runs`,
    );
  return JSON.parse(readFileSync(path, 'utf8')) as StackStatus;
}

/** The stack's state as its keeper tells it now, with the process ids of this moment. */
export async function stackNow(): Promise<StackStatus> {
  const { stateDirectory } = stack();
  const status = await readStackStatus(stateDirectory);
  if (status === null) throw new Error(`no stack was ever started in ${stateDirectory}`);
  return status;
}

/** Takes a server away and brings it back on the same port with the same data. Other tests must not run meanwhile. */
export const servers = {
  stop: (part: PartName): Promise<StackStatus> => stopPart(part, stack().stateDirectory),
  kill: (part: PartName): Promise<StackStatus> => killPart(part, stack().stateDirectory),
  start: (part: PartName): Promise<StackStatus> => startPart(part, stack().stateDirectory),
  restart: (part: PartName): Promise<StackStatus> => restartPart(part, stack().stateDirectory),
} as const;
