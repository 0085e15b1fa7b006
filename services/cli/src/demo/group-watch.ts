import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@hasivu/errors';
import type { Client } from 'pg';
import type { RunningGroup } from '../group/running-group.ts';

const POLL_MS = 200;

/** Never resolves; throws with the service's own message when the group ends. */
export async function groupFailure(group: RunningGroup): Promise<never> {
  const { stoppedBy, exitCode } = await group.ended;
  const said = stoppedBy?.message.replace(/^error /, '').replace(/\.\s*$/, '') ?? '';
  throw new PlatformError('CLI_SERVICE_NEEDS_OPERATOR', {
    doing: `running ${stoppedBy?.name ?? 'the services'}`,
    why: said || `the services ended with exit code ${exitCode} (logs: ${group.logDir})`,
  });
}

/** Waits until the slot is there: from then on no change of the source can be missed. */
export async function slotExists(client: Client, slot: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [
      slot,
    ]);
    if (rowCount) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}
