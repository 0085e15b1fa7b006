import type { ServiceContext, ServiceDefinition } from '@hasivu/service-kit';

import { MetricFamilies } from './metric-families.ts';
import { SourceMetrics } from './metrics.ts';
import { SourceGroup } from './source-group.ts';
import { liveSource } from './source-lives.ts';
import { settingsOf, type SourceSettings } from './source-settings.ts';

export const cdcSource: ServiceDefinition = {
  name: 'cdc-source',
  summary: 'Streams committed changes of Postgres tables into Kafka, exactly once',
  main: (context) => runCdcSource(context, settingsOf(context.config)),
};

/** Runs every database until it is told to stop, side by side and each on its own; see {@link SourceGroup} for the end. */
export async function runCdcSource(
  context: ServiceContext,
  databases: readonly SourceSettings[],
): Promise<void> {
  const group = new SourceGroup(
    context,
    databases.map(({ database }) => database),
  );
  const families = new MetricFamilies(context.metrics);
  await Promise.all(databases.map((settings) => runDatabase(context, settings, group, families)));
  if (group.failure !== null) throw group.failure;
}

async function runDatabase(
  context: ServiceContext,
  settings: SourceSettings,
  group: SourceGroup,
  families: MetricFamilies,
): Promise<void> {
  const { database } = settings;
  const metrics = new SourceMetrics(families, database);
  const dependencies = {
    settings,
    logger: group.several ? context.logger.child({ database }) : context.logger,
    metrics,
    signal: context.signal,
    ready: (isReady: boolean, reason?: string) => group.ready(database, isReady, reason),
    alive: () => group.alive(database),
  };
  metrics.up(true);
  try {
    await liveSource(dependencies, group, (error) => context.countError(error));
    group.drained(database);
  } catch (error) {
    metrics.up(false);
    group.failed(database, error instanceof Error ? error : new Error(String(error)));
  }
}
