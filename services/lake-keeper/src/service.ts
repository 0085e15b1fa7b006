import { randomUUID } from 'node:crypto';
import { PlatformError } from '@hasivu/errors';
import { accessLogSource } from '@hasivu/config';
import { AccessEvidence, Engine, FileCache } from '@hasivu/lake-engine';
import { countingStore, openStore, placeUri, probePutIfAbsent } from '@hasivu/object-store';
import type { ServiceContext, ServiceDefinition } from '@hasivu/service-kit';
import type { Failpoint } from './io/failpoint.ts';
import { KeeperLoop } from './io/keeper-loop.ts';
import { KeptCapacity } from './io/kept-capacity.ts';
import { KeptTables } from './io/kept-tables.ts';
import { TierEvidence } from './io/tier-evidence.ts';
import { createKeeperMetrics } from './metrics.ts';

/** Sized so that the process stays under 256 MiB; what does not fit goes to disk. */
const ENGINE_MEMORY_BYTES = 64e6;
/** Files are forgotten once they are rewritten: only those of a rewrite that is going on are held. */
const CACHE_BYTES = 64 << 20;

/** The service, for main.ts and for tests. */
export function lakeKeeper(failpoint: Failpoint): ServiceDefinition {
  return {
    name: 'lake-keeper',
    summary: 'Merges, sorts and vacuums the tables of the lake beside those who write them',
    main: (context) => runLakeKeeper(context, failpoint),
  };
}

/** Runs the keeper until it is asked to stop. */
export async function runLakeKeeper(context: ServiceContext, failpoint: Failpoint): Promise<void> {
  const { config, logger } = context;
  if (config.lake === undefined) {
    throw new PlatformError('CONFIG_INVALID', {
      doing: 'starting the lake keeper',
      why: '/lake is missing: there are no tables to look after',
    });
  }
  context.ready(false, 'connecting');
  await using resources = new AsyncDisposableStack();
  const metrics = createKeeperMetrics(context.metrics);
  const place = resources.adopt(openStore({ ...config.lake, userAgent: 'hasivu/lake-keeper' }), (open) =>
    open.close(),
  );
  const capacity = config.lake.capacity && new KeptCapacity(config.lake.capacity, place, metrics, context);
  const store = capacity === undefined ? place : countingStore(place, capacity.stored);
  await probePutIfAbsent(store, randomUUID());
  const cache = resources.adopt(await FileCache.open(store, 'lake-keeper', CACHE_BYTES), (open) =>
    open.close(),
  );
  const engine = resources.adopt(
    new Engine({ folder: cache.folder, memoryBytes: ENGINE_MEMORY_BYTES }),
    (open) => open.close(),
  );
  const around = {
    store,
    nowMs: Date.now,
    newId: randomUUID,
    engineInfo: 'hasivu-lake-keeper/0.1.0',
    onUpkeepFailed: (error: unknown, table: string) => {
      context.countError(error);
      logger.warn(
        { err: error, table },
        'no checkpoint of a table could be written, or its log not be cleaned up; its commits go on',
      );
    },
  };
  const { maintenance } = config.lake;
  const log = accessLogSource(config.lake);
  const evidence =
    log === null
      ? null
      : new TierEvidence({
          evidence: new AccessEvidence({
            ...log,
            source: log.name,
            lake: store,
            log: {
              store: resources.adopt(
                openStore({
                  ...config.lake,
                  bucket: log.bucket,
                  prefix: '',
                  userAgent: 'hasivu/lake-keeper',
                }),
                (open) => open.close(),
              ),
              prefix: log.prefix,
            },
            nowMs: Date.now,
          }),
          metrics,
          nowMs: Date.now,
          context,
          signal: context.signal,
        });
  const loop = new KeeperLoop({
    tables: new KeptTables(config, config.lake, store, around),
    tools: {
      store,
      around,
      engine,
      cache,
      metrics,
      failpoint,
      ...(evidence === null ? {} : { evidence }),
      alive: () => context.alive(),
      signal: context.signal,
    },
    ...(capacity === undefined ? {} : { capacity }),
    metrics,
    intervalMs: maintenance.intervalMs,
    concurrency: maintenance.concurrency,
    nowMs: Date.now,
    context,
  });
  logger.info({ place: placeUri(config.lake), prefix: config.lake.prefix }, 'the keeper runs');
  await Promise.all([loop.run(context.signal), capacity?.run()]);
}
