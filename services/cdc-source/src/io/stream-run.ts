import { formatLsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import {
  pgoutputOptions,
  ReplicationStream,
  WireConnection,
  type CatalogSession,
  type StreamOptions,
} from '@hasivu/postgres';

import { streamsInBinary } from '../core/binary-choice.ts';
import { HEARTBEAT_PREFIX } from '../core/heartbeat-message.ts';
import type { SealedProgress } from '../core/position-ledger.ts';
import type { Progress } from '../core/progress-record.ts';
import { tableId } from '../core/table-selection.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import { Heartbeat } from './heartbeat.ts';
import type { OpenedTarget } from './opened-target.ts';
import type { PreparedSource } from './source-checks.ts';
import { StreamLoop } from './stream-loop.ts';
import { openStreamParts, type StreamParts } from './stream-parts.ts';
import { publishedColumns } from './table-compiler.ts';

/**
 * Streams from `progress` until the signal aborts or something fails.
 * @param onStreaming called when the server has begun to send
 */
export async function runStream(
  dependencies: SourceDependencies,
  prepared: PreparedSource,
  opened: OpenedTarget,
  progress: Progress,
  onStreaming: () => void,
): Promise<void> {
  const { settings, signal, ready, logger } = dependencies;
  const { slot, publication } = settings.postgres;
  const parts = await openStreamParts(dependencies, prepared, opened, progress);
  const { ledger, router, intake, disk, errands, transactions, incremental, adopt } = parts;
  await using heartbeat = new Heartbeat(dependencies, prepared);
  const connection = await WireConnection.open(prepared.target, { replication: true });
  const columns = prepared.tables.flatMap((table) =>
    publishedColumns(table, prepared.published.get(tableId(table))),
  );
  const binary =
    settings.postgres.binary === 'auto' && streamsInBinary(columns, opened.compiler.types.lookup);
  const replication = await startReplication(connection, {
    slot,
    plugin: pgoutputOptions({
      ...settings.postgres,
      publication,
      binary,
      serverVersion: prepared.server.version,
    }),
    startLsn: progress.confirmLsn,
    statusIntervalMs: statusInterval(settings.statusIntervalMs, prepared.server.senderTimeoutMs),
    confirmedLsn: () => ledger.acknowledgeable,
  });
  router.messages.register(HEARTBEAT_PREFIX, heartbeat.message);
  const watch = watchLag(dependencies, () =>
    ledger.pendingEvents > 0 || ledger.inTransaction ? router.lastCommitTsMs : null,
  );
  try {
    // What an earlier life has left: its window has to be open before the first change comes.
    incremental.snapshots.resume();
    onStreaming();
    ready(true);
    logger.info({ slot, from: formatLsn(progress.confirmLsn), binary }, 'streaming');
    await new StreamLoop({
      stream: replication,
      router,
      ledger,
      sink: opened.sink,
      errands,
      limits: settings.flush,
      sendBytes: settings.sendBytes,
      intake,
      disk,
      ddlTokens: prepared.ddlTokens,
      adopt,
      commit: (sealed) =>
        commitStreamed(
          dependencies,
          opened,
          parts,
          {
            ...progress,
            transaction: transactions?.unfinished ?? null,
            incremental: incremental.snapshots.requests,
          },
          sealed,
        ),
      received: () => heartbeat.received(),
      alive: () => {
        dependencies.alive();
        dependencies.metrics.spooled(intake.spooledBytes);
        assertLocked(prepared.session);
        incremental.assertHealthy();
      },
      signal,
    }).run();
  } finally {
    clearInterval(watch);
    await incremental.snapshots.close();
    await disk.close();
    await replication.close();
  }
}

async function commitStreamed(
  dependencies: SourceDependencies,
  opened: OpenedTarget,
  { router, takeMessages }: StreamParts,
  progress: Progress,
  sealed: SealedProgress,
): Promise<void> {
  const transactions = router.transactions;
  const empty = opened.sink.bytes === 0;
  await opened.durable.commit({ ...progress, ...sealed, phase: 'streaming' }, transactions);
  router.transactions -= transactions;
  dependencies.metrics.messagesDurable(takeMessages());
  dependencies.metrics.lagSeconds(empty ? 0 : Math.max(0, (Date.now() - router.lastCommitTsMs) / 1000));
}

/** A connection that could not start to stream must not stay: it would count against max_wal_senders at every try. */
async function startReplication(
  connection: WireConnection,
  options: StreamOptions,
): Promise<ReplicationStream> {
  try {
    return await ReplicationStream.start(connection, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Well under the server's patience: a status has to arrive in time even if one is lost or late. */
function statusInterval(configuredMs: number, senderTimeoutMs: number): number {
  return senderTimeoutMs > 0 ? Math.min(configuredMs, Math.max(100, senderTimeoutMs / 4)) : configuredMs;
}

/** @param waitingSinceMs commit time of what is not durable yet, or null when nothing waits */
function watchLag(dependencies: SourceDependencies, waitingSinceMs: () => number | null): NodeJS.Timeout {
  const measure = (): void => {
    const since = waitingSinceMs();
    dependencies.metrics.lagSeconds(since === null ? 0 : Math.max(0, (Date.now() - since) / 1000));
  };
  measure();
  return setInterval(measure, dependencies.settings.watchIntervalMs);
}

/** The lock on the slot lives in the catalog session: without it another copy may start. */
function assertLocked(session: CatalogSession): void {
  if (session.healthy) return;
  throw new PlatformError('SOURCE_CONNECTION_LOST', { doing: 'holding the lock on the replication slot' });
}
