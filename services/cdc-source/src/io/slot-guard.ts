import { setTimeout as sleep } from 'node:timers/promises';

import { PlatformError } from '@hasivu/errors';
import {
  lockHolder,
  noticeDeadPeers,
  sessionOf,
  slotState,
  terminateSession,
  tryLockSlot,
  type CatalogSession,
  type ServerSession,
  type SlotState,
} from '@hasivu/postgres';

import type { SourceDependencies } from '../source-dependencies.ts';

const POLL_MS = 250;

/**
 * Makes this process the one reader of the slot: takes the lock that every copy of this service takes, and waits until
 * nobody streams from it. Whoever still streams under our name while we have the lock is what the server keeps of a
 * predecessor that died: it is given a moment to go by itself, and ended then.
 * @throws PlatformError SOURCE_SLOT_ACTIVE, SOURCE_SLOT_HELD
 */
export async function acquireSlot(
  session: CatalogSession,
  serverVersion: number,
  { settings, logger, signal, alive }: SourceDependencies,
): Promise<SlotState | null> {
  const { slot } = settings.postgres;
  const beganMs = performance.now();
  let lockedMs = -1;
  let ended = -1;
  for (;;) {
    if (lockedMs < 0 && (await tryLockSlot(session, slot))) {
      lockedMs = performance.now();
      await noticeDeadPeers(session);
    }
    const state = await slotState(session, slot, serverVersion);
    if (lockedMs >= 0 && state?.active !== true) return state;
    const nowMs = performance.now();
    const holder = await holderOf(session, slot, state, lockedMs >= 0);
    const predecessor = lockedMs >= 0 && holder?.ours === true;
    if (predecessor && holder.pid !== ended && nowMs - lockedMs >= settings.slotGraceMs) {
      ended = holder.pid;
      const done = await terminateSession(session, holder.pid);
      logger.warn(
        { slot, serverPid: holder.pid, since: holder.since, terminated: done },
        'the slot was still held for a predecessor that is gone: its server process was ended',
      );
    }
    const sinceMs = predecessor ? lockedMs : beganMs;
    if (nowMs - sinceMs >= settings.slotWaitMs) throw heldError(slot, holder, predecessor);
    alive();
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function holderOf(
  session: CatalogSession,
  slot: string,
  state: SlotState | null,
  locked: boolean,
): Promise<ServerSession | null> {
  if (!locked) return await lockHolder(session, slot);
  return state && state.activePid !== null ? await sessionOf(session, state.activePid) : null;
}

function heldError(slot: string, holder: ServerSession | null, predecessor: boolean): PlatformError {
  const who = holder
    ? `server process ${holder.pid} ("${holder.application}"${holder.client === null ? '' : ` from ${holder.client}`}, since ${holder.since})`
    : 'another session';
  return new PlatformError(predecessor ? 'SOURCE_SLOT_HELD' : 'SOURCE_SLOT_ACTIVE', {
    doing: `acquiring the replication slot "${slot}"`,
    why: `${who} holds it`,
    context: { slot, activePid: holder?.pid },
  });
}
