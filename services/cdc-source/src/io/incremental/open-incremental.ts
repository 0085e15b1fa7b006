import { topicNames } from '@hasivu/change-events';

import type { ChangeRouter } from '../../core/change-router.ts';
import type { Errands } from '../../core/errands.ts';
import type { SnapshotTable } from '../../core/incremental/follow-signal.ts';
import { requestBounds } from '../../core/incremental/request-bounds.ts';
import { restoredRequests } from '../../core/incremental/restored-requests.ts';
import { SignalRows } from '../../core/incremental/signal-row.ts';
import { NO_REQUESTS } from '../../core/incremental/snapshot-requests.ts';
import type { PositionLedger } from '../../core/position-ledger.ts';
import type { Progress } from '../../core/progress-record.ts';
import type { RowTap } from '../../core/row-tap.ts';
import type { SchemaChanges } from '../../core/schema-changes.ts';
import { tableId } from '../../core/table-selection.ts';
import type { SourceDependencies } from '../../source-dependencies.ts';
import type { OpenedTarget } from '../opened-target.ts';
import type { PreparedSource } from '../source-checks.ts';
import { ChunkEmitter } from './chunk-emitter.ts';
import { ChunkReader } from './chunk-reader.ts';
import { WATERMARK_PREFIX } from './chunk-session.ts';
import { IncrementalSnapshots } from './incremental-snapshots.ts';
import { TableDescriber } from './readable-table.ts';
import { SnapshotReport } from './snapshot-report.ts';
import { SIGNAL_PREFIX, SnapshotSignals } from './snapshot-signals.ts';

export interface IncrementalParts {
  readonly snapshots: IncrementalSnapshots;
  /** Registers for signals and marks. */
  readonly attach: (router: ChangeRouter) => void;
  /** The tap of the signal table, or of a table that is read. */
  readonly tapOf: (table: string) => RowTap | null;
  /** Once every turn of the stream. @throws what no other try can repair */
  readonly assertHealthy: () => void;
}

export interface IncrementalNeeds {
  readonly ledger: PositionLedger;
  readonly errands: Errands;
  readonly schemaChanges: SchemaChanges | null;
  readonly progress: Progress;
  readonly retap: () => void;
}

/** Everything for snapshots beside the stream. */
export function openIncremental(
  dependencies: SourceDependencies,
  prepared: PreparedSource,
  opened: OpenedTarget,
  { ledger, errands, schemaChanges, progress, retap }: IncrementalNeeds,
): IncrementalParts {
  const { settings } = dependencies;
  const { signalTable, signalMessages, oversize } = settings.postgres;
  const { compiler, sink, cluster } = opened;
  const report = new SnapshotReport(dependencies);
  const reader = new ChunkReader(
    {
      target: prepared.target,
      serverVersion: prepared.server.version,
      describer: new TableDescriber(dependencies, prepared, compiler),
      statementTimeoutMs: settings.chunkTimeoutMs,
    },
    report,
  );
  const emitter = new ChunkEmitter({ sink, ledger, schemaChanges, sendBytes: settings.sendBytes, oversize });
  const bounds = requestBounds(cluster.recordLimitOf(topicNames(settings.kafka.prefix).progress));
  const tables = snapshotTables(prepared, settings.postgres);
  const restored = restoredRequests(progress.incremental ?? NO_REQUESTS, tables, Date.now());
  for (const { request, reason } of restored.refused) {
    report.finished(request, { result: 'failed', code: 'SOURCE_SIGNAL_INVALID', reason });
    ledger.accept();
  }
  const { chunkRows, windowKeys } = settings;
  const snapshots = new IncrementalSnapshots({
    reader,
    compiler,
    emitter,
    report,
    ledger,
    errands,
    restored: restored.requests,
    chunkRows,
    windowKeys,
    owedBytes: bounds.owedBytes,
    retap,
  });
  const signals = new SnapshotSignals(dependencies, snapshots, tables, bounds);
  const isCaptured = prepared.tables.some((table) => tableId(table) === signalTable);
  const rows = new SignalRows((id, type, data) => signals.row(id, type, data), isCaptured);
  return {
    snapshots,
    attach: (router) => {
      router.messages.register(WATERMARK_PREFIX, (message, seq, moment) =>
        snapshots.marked(message, seq, moment),
      );
      if (signalMessages !== 'off')
        router.messages.register(SIGNAL_PREFIX, (message, seq) => signals.message(message, seq));
    },
    tapOf: (table) => (table === signalTable ? rows : snapshots.tapOf(table)),
    assertHealthy: () => reader.assertHealthy(),
  };
}

function snapshotTables(
  { tables, server }: PreparedSource,
  { outbox, signalTable }: SourceDependencies['settings']['postgres'],
): SnapshotTable[] {
  return tables.map((table) => {
    const name = tableId(table);
    const key = table.identity === 'index' ? table.identityIndex : table.primaryKey;
    let refusal: string | null = null;
    if (server.inRecovery) refusal = 'the source is a standby, whose log nobody can mark';
    else if (key.length === 0)
      refusal = 'it has no key, so its rows cannot be told apart from those streamed';
    else if (name === outbox?.table) refusal = 'it is the outbox, whose rows are messages';
    else if (name === signalTable) refusal = 'it is the signal table';
    return { name, refusal };
  });
}
