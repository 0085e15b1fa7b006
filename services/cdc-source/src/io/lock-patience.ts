import { PlatformError } from '@hasivu/errors';
import { blockersOf, describeBlocker, terminateSession, type CatalogSession } from '@hasivu/postgres';

import type { SourceDependencies } from '../source-dependencies.ts';

const LOOK_MS = 1_000;
const SAY_AGAIN_MS = 60_000;

export interface LockPatience {
  readonly dependencies: SourceDependencies;
  /** Asks the server, while the session that waits cannot. */
  readonly session: CatalogSession;
  /** Server process of the session that may have to wait. */
  readonly pid: number;
  /** Server processes of ours that hold locks meanwhile. */
  readonly holding: readonly number[];
  readonly doing: string;
}

/**
 * Runs `work`, a statement that waits for others on the server: says whom it waits for, and gives up on a stop. It gives
 * up as well when one of those waits for a lock of ours: Postgres sees no deadlock, because what holds the lock and what
 * waits are different sessions to it, and it would last for ever.
 * @throws PlatformError SOURCE_SNAPSHOT_FAILED for the last
 */
export async function waitPatiently<T>(options: LockPatience, work: () => Promise<T>): Promise<T> {
  const { dependencies, session, pid, holding, doing } = options;
  const { logger, ready, alive, signal } = dependencies;
  let looking = Promise.resolve();
  let busy = false;
  let cycle: string | null = null;
  let said = '';
  let saidMs = 0;
  const look = async (): Promise<void> => {
    const blockers = await blockersOf(session, pid);
    const first = blockers[0];
    if (!first || cycle !== null) return;
    if (blockers.some((blocker) => holding.includes(blocker.pid))) {
      const others = blockers.filter((blocker) => !holding.includes(blocker.pid));
      cycle = others.map(describeBlocker).join(', ');
      await terminateSession(session, pid);
      return;
    }
    ready(false, `${doing}: waiting for ${describeBlocker(first)}`);
    const who = blockers.map((blocker) => blocker.pid).join();
    const nowMs = performance.now();
    if (who === said && nowMs - saidMs < SAY_AGAIN_MS) return;
    said = who;
    saidMs = nowMs;
    logger.warn(
      { serverPid: first.pid, seconds: first.seconds, state: first.state, others: blockers.length - 1 },
      `${doing}: waiting for ${describeBlocker(first)}`,
    );
  };
  const tick = (): void => {
    alive();
    // A failed look shows as a broken session elsewhere.
    if (busy) return;
    busy = true;
    looking = look()
      .catch(() => undefined)
      .finally(() => (busy = false));
  };
  const stop = (): void => void terminateSession(session, pid).catch(() => undefined);
  const timer = setInterval(tick, LOOK_MS);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (cycle === null) throw error;
    throw new PlatformError('SOURCE_SNAPSHOT_FAILED', {
      doing,
      why: `${cycle as string} waits for a table that is to be copied, and has a transaction open that the copy waits for: the copy lets go first`,
      cause: error,
    });
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
    await looking;
  }
}
