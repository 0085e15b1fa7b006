import { setTimeout as sleep } from 'node:timers/promises';
import { askKeeper } from './control-client.ts';
import { readStackStatus } from './read-stack-status.ts';
import { killStaleServers } from './stale-servers.ts';
import { DEFAULT_STATE_DIRECTORY, readJson, removeFile, stateFiles } from './state-directory.ts';
import type { StackStatus } from './stack-status.ts';
import { wipeState } from './wipe-state.ts';

const KEEPER_GONE_WITHIN_MS = 10_000;
const POLL_MS = 50;

export interface StopStackOptions {
  /** Also deletes the data, logs and credentials. */
  readonly wipe?: boolean;
}

/** Stops every server and waits until they and their keeper are gone; false when nothing was running. */
export async function stopStack(
  stateDirectory = DEFAULT_STATE_DIRECTORY,
  options: StopStackOptions = {},
): Promise<boolean> {
  const files = stateFiles(stateDirectory);
  const known = readJson(files.status) as StackStatus | null;
  const answer = await askKeeper(stateDirectory, 'POST', '/stop');
  if (answer !== null && known?.keeperPid != null) await untilGone(known.keeperPid);
  const stale = known === null ? [] : killStaleServers(known);
  removeFile(files.control);
  if (options.wipe === true) {
    wipeState(stateDirectory);
  } else {
    await readStackStatus(stateDirectory);
  }
  return answer !== null || stale.length > 0;
}

async function untilGone(pid: number): Promise<void> {
  const deadline = performance.now() + KEEPER_GONE_WITHIN_MS;
  while (performance.now() < deadline) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(POLL_MS);
  }
}
