import { setTimeout as sleep } from 'node:timers/promises';

import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { ServiceContext } from '@hasivu/service-kit';

import { runSource } from './io/source-run.ts';
import type { SourceDependencies } from './source-dependencies.ts';
import type { SourceGroup } from './source-group.ts';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5000;

/**
 * Runs one database until it is told to stop. Outages of Postgres or Kafka are waited out, each up to a bound that begins
 * anew once the stream flows again; every try starts from durable progress. Beside other databases it tries for as long
 * as one of them is served, also after an error that else the restart of the process would mend.
 */
export async function liveSource(
  first: SourceDependencies,
  group: SourceGroup,
  countError: ServiceContext['countError'],
): Promise<void> {
  let dependencies = first;
  let outageSinceMs = -1;
  let delayMs = FIRST_DELAY_MS;
  const { signal, logger, settings } = dependencies;
  while (!signal.aborted) {
    let streaming = false;
    try {
      const end = await runSource(dependencies, () => {
        streaming = true;
        outageSinceMs = -1;
        delayMs = FIRST_DELAY_MS;
      });
      if (end === 'stopped') return;
    } catch (error) {
      if (signal.aborted) return afterStop(logger, error, streaming);
      if (!mayPass(error, group.several)) throw error;
      const code = isPlatformError(error) ? error.code : 'UNEXPECTED';
      if (code === 'SOURCE_BINARY_UNKNOWN') dependencies = inText(dependencies);
      const nowMs = performance.now();
      if (outageSinceMs < 0) outageSinceMs = nowMs;
      if (nowMs + delayMs - outageSinceMs > settings.outageLimitMs && group.mayGiveUp(settings.database))
        throw error;
      countError(error);
      dependencies.ready(false, `${code}: trying again`);
      dependencies.alive();
      logger.warn(
        isPlatformError(error) ? { code, ...error.context, delayMs } : { err: error, delayMs },
        `${(error as Error).message} (trying again)`,
      );
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    }
  }
}

function mayPass(error: unknown, several: boolean): boolean {
  if (several) return !isPlatformError(error) || error.retry !== 'manual';
  return isPlatformError(error) && error.retry === 'timed';
}

/** For the rest of this process: the log may hold values of the unknown type for long. */
function inText(dependencies: SourceDependencies): SourceDependencies {
  const { settings } = dependencies;
  return { ...dependencies, settings: { ...settings, postgres: { ...settings.postgres, binary: 'off' } } };
}

// What was not committed is replayed by the next start: before the stream that is no news, and nothing is in flight.
function afterStop(logger: ServiceContext['logger'], error: unknown, streaming: boolean): void {
  if (isPlatformError(error) && error.retry === 'manual') throw error;
  if (streaming) {
    throw new PlatformError('SOURCE_STOP_UNCLEAN', {
      doing: 'stopping the stream',
      why: isPlatformError(error)
        ? `${error.code} while ${error.doing}: ${error.why}`
        : (error as Error).message,
      cause: error,
    });
  }
  if ((error as Error).name !== 'AbortError')
    logger.warn(
      { err: error },
      'stopped before the stream began: the next start goes on from durable progress',
    );
}
