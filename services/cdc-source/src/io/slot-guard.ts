import { setTimeout as sleep } from 'node:timers/promises';

import { PlatformError } from '@hasivu/errors';
import { slotState, tryLockSlot, type CatalogSession, type SlotState } from '@hasivu/postgres';

const POLL_MS = 250;

/**
 * Makes this process the one reader of the slot: takes the lock that every copy of this service takes, and waits until
 * no other process streams from it. A predecessor that was just killed is given `waitMs` to disappear.
 * @throws PlatformError SOURCE_SLOT_ACTIVE
 */
export async function acquireSlot(
  session: CatalogSession,
  slot: string,
  serverVersion: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<SlotState | null> {
  const deadline = performance.now() + waitMs;
  let locked = false;
  for (;;) {
    locked ||= await tryLockSlot(session, slot);
    const state = await slotState(session, slot, serverVersion);
    if (locked && state?.active !== true) return state;
    if (performance.now() >= deadline) {
      const who = state?.active
        ? `server process ${String(state.activePid)}`
        : 'another copy of this service';
      throw new PlatformError('SOURCE_SLOT_ACTIVE', {
        doing: `acquiring the replication slot "${slot}"`,
        why: `${who} holds it`,
        context: { slot, activePid: state?.activePid ?? undefined },
      });
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
