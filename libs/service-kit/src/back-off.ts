import { setTimeout as sleep } from 'node:timers/promises';

import { isPlatformError } from '@hasivu/errors';

export interface BackOff {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** No further try begins after this; the last error is thrown. */
  readonly giveUpAfterMs: number;
}

/** Two minutes: a broker or database that restarts is back by then, and a longer outage should be seen as a failure. */
export const INFRASTRUCTURE_BACK_OFF: BackOff = {
  firstDelayMs: 250,
  maxDelayMs: 5_000,
  giveUpAfterMs: 120_000,
};

/**
 * Runs `attempt` until it succeeds, waiting between tries, for errors whose code says `timed`; any other error is thrown
 * at once. `onRetry` tells the person what is waited for.
 */
export async function retryTimed<T>(
  attempt: () => Promise<T>,
  options: BackOff & { signal: AbortSignal; onRetry: (error: Error, delayMs: number) => void },
): Promise<T> {
  const startedMs = performance.now();
  for (let delayMs = options.firstDelayMs; ; delayMs = Math.min(delayMs * 2, options.maxDelayMs)) {
    try {
      return await attempt();
    } catch (error) {
      const waitedMs = performance.now() - startedMs;
      if (
        !isPlatformError(error) ||
        error.retry !== 'timed' ||
        options.signal.aborted ||
        waitedMs + delayMs > options.giveUpAfterMs
      )
        throw error;
      options.onRetry(error, delayMs);
      await sleep(delayMs, undefined, { signal: options.signal });
    }
  }
}
