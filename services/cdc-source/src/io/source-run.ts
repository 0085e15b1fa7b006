import { formatLsn, toLsn, topicNames } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import { dropSlot } from '@hasivu/postgres';

import { nextOrigin, type Gap, type Progress } from '../core/progress-record.ts';
import { planStart, type LostChanges } from '../core/start-plan.ts';
import { tableId } from '../core/table-selection.ts';
import { failpoint } from '../failpoints.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import { settledProgress, type ProgressPlace } from './copy-producers.ts';
import { fillLogBeyond } from './log-filler.ts';
import { openTarget, transactionalIdOf, type OpenedTarget } from './opened-target.ts';
import { SlotWatch } from './slot-watch.ts';
import { prepareSource, type PreparedSource } from './source-checks.ts';
import { runStream } from './stream-run.ts';
import { copyPendingTables } from './table-copies.ts';

/** How a run ended without an error: as it was told, or because the next one has to begin with new copies. */
export type RunEnd = 'stopped' | 'again';

/**
 * One life of the source, from durable progress to the stop signal or the first error: checks, copies, stream. It holds
 * no state that a new life needs, so every failure is answered by another run.
 * @param onStreaming called when the stream has begun: an outage before is over
 */
export async function runSource(dependencies: SourceDependencies, onStreaming: () => void): Promise<RunEnd> {
  await using resources = new AsyncDisposableStack();
  const prepared = await prepareSource(dependencies, resources);
  const watch = resources.use(
    new SlotWatch({ dependencies, session: prepared.session, serverVersion: prepared.server.version }),
  );
  const run = { ...dependencies, signal: AbortSignal.any([dependencies.signal, watch.signal]) };
  const opened = await openTarget(run, prepared, resources);
  let streaming = false;
  try {
    const progress = await startingProgress(run, prepared, opened);
    await runStream(run, prepared, opened, progress, () => {
      streaming = true;
      onStreaming();
    });
    await opened.lineage?.abort();
  } catch (error) {
    const fatal = error instanceof PlatformError ? `${error.code} while ${error.doing}` : 'unexpected error';
    // An open transaction would hold back every reader of committed records until it times out. Where Kafka itself is the
    // trouble there is nobody to tell; the next start aborts it.
    if (!fatal.startsWith('KAFKA_')) await opened.sink.abort().catch(() => undefined);
    await (run.signal.aborted ? opened.lineage?.abort() : opened.lineage?.fail(fatal));
    const dropped = await watch.outcome();
    if (!dropped) throw error;
  }
  const dropped = await watch.outcome();
  if (!dropped) return 'stopped';
  // A copy that holds back more than the bound allows would do so again.
  if (!streaming || dependencies.settings.postgres.onLostSlot === 'stop') throw dropped;
  dependencies.logger.warn({ code: dropped.code, ...dropped.context }, dropped.message);
  return 'again';
}

async function startingProgress(
  dependencies: SourceDependencies,
  prepared: PreparedSource,
  opened: OpenedTarget,
): Promise<Progress> {
  const { settings, signal, ready, logger } = dependencies;
  const { slot, onLostSlot } = settings.postgres;
  const { tables, slotFacts, session } = prepared;
  ready(false, 'reading the last progress');
  const place: ProgressPlace = {
    cluster: opened.cluster,
    topic: topicNames(settings.kafka.prefix).progress,
    slot,
    transactionalId: transactionalIdOf(settings),
    transactionTimeoutMs: settings.transactionTimeoutMs,
    signal,
  };
  const progress = await settledProgress(place);
  failpoint('progress-read');
  const history = await fillLogBeyond(dependencies, prepared, progress);
  const oids = new Map(tables.map((table) => [tableId(table), table.oid]));
  const plan = planStart({ slot, slotFacts, progress, server: history, onLostSlot, tables: oids });
  logger.info(
    {
      slot,
      createSlot: plan.createSlot,
      pending: plan.pending,
      commitLsn: progress ? formatLsn(progress.position.commitLsn) : undefined,
      seq: progress?.position.seq,
    },
    progress ? 'resuming' : 'starting from nothing',
  );
  for (const table of tables) {
    const shape = await opened.compiler.shapeOf(table, prepared.published.get(tableId(table)));
    opened.lineage?.captured(opened.compiler.ruled(shape).schema, opened.compiler.topicOf(table));
  }
  opened.sink.origin = nextOrigin(progress?.origin, history, plan.lost && gapOf(plan.lost));
  if (plan.lost) await reportGap(dependencies, opened, plan.lost);
  if (plan.dropSlot) await dropSlot(session, slot, false);
  if (plan.pending.length > 0) ready(false, `copying ${plan.pending.length} tables`);
  return await copyPendingTables({
    ...prepared,
    ...opened,
    dependencies,
    session,
    place,
    plan,
    confirmedLsn: slotFacts?.confirmedLsn ?? toLsn(0n),
  });
}

function gapOf({ error, after }: LostChanges): Gap {
  return { code: error.code, after, atMs: Date.now() };
}

/** Never a silent gap: the log, a metric and the lineage say that changes are missing, the progress keeps it. */
async function reportGap(
  { logger, metrics }: SourceDependencies,
  opened: OpenedTarget,
  { error, after }: LostChanges,
): Promise<void> {
  const last = `${formatLsn(after.commitLsn)} (${after.seq})`;
  logger.warn(
    { code: error.code, after: last, ...error.context },
    `changes after ${last} were lost and every table is copied again, after ${error.message}`,
  );
  metrics.gap(error.code);
  await opened.lineage?.interrupted(`${error.code}: changes after ${last} were not captured`);
}
