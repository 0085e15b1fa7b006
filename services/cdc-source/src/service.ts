import { setTimeout as sleep } from 'node:timers/promises';

import { isPlatformError } from '@hasivu/errors';
import type { ServiceContext, ServiceDefinition } from '@hasivu/service-kit';

import { runSource } from './io/source-run.ts';
import { MetricFamilies } from './metric-families.ts';
import { SourceMetrics } from './metrics.ts';
import type { SourceDependencies } from './source-dependencies.ts';
import { settingsOf, type SourceSettings } from './source-settings.ts';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5000;

export const cdcSource: ServiceDefinition = {
  name: 'cdc-source',
  summary: 'Streams committed changes of Postgres tables into Kafka, exactly once',
  main: (context) => runCdcSource(context, settingsOf(context.config)),
};

/**
 * Runs the source until it is told to stop. Outages of Postgres or Kafka are waited out, each up to a bound that begins
 * anew once the stream flows again; every try starts from durable progress.
 */
export async function runCdcSource(context: ServiceContext, settings: SourceSettings): Promise<void> {
  let dependencies: SourceDependencies = {
    settings,
    logger: context.logger,
    metrics: new SourceMetrics(new MetricFamilies(context.metrics), 'default'),
    signal: context.signal,
    ready: (isReady, reason) => context.ready(isReady, reason),
    alive: () => context.alive(),
  };
  let outageSinceMs = -1;
  let delayMs = FIRST_DELAY_MS;
  while (!context.signal.aborted) {
    try {
      const end = await runSource(dependencies, () => {
        outageSinceMs = -1;
        delayMs = FIRST_DELAY_MS;
      });
      if (end === 'stopped') return;
    } catch (error) {
      if (context.signal.aborted) return afterStop(context, error);
      if (!isPlatformError(error) || error.retry !== 'timed') throw error;
      if (error.code === 'SOURCE_BINARY_UNKNOWN') dependencies = inText(dependencies);
      const nowMs = performance.now();
      if (outageSinceMs < 0) outageSinceMs = nowMs;
      if (nowMs + delayMs - outageSinceMs > settings.outageLimitMs) throw error;
      context.countError(error);
      context.ready(false, `${error.code}: trying again`);
      context.alive();
      context.logger.warn({ code: error.code, ...error.context, delayMs }, `${error.message} (trying again)`);
      await sleep(delayMs, undefined, { signal: context.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    }
  }
}

/** For the rest of this process: the log may hold values of the unknown type for long. */
function inText(dependencies: SourceDependencies): SourceDependencies {
  const { settings } = dependencies;
  return { ...dependencies, settings: { ...settings, postgres: { ...settings.postgres, binary: 'off' } } };
}

// What was not committed is replayed by the next start; an operator's mistake is still worth its exit code.
function afterStop(context: ServiceContext, error: unknown): void {
  if (isPlatformError(error) && error.retry === 'manual') throw error;
  if ((error as Error).name !== 'AbortError') {
    context.logger.warn({ err: error }, 'stopped before everything was committed: the next start replays it');
  }
}
