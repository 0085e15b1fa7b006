import { PlatformError } from '@hasivu/errors';
import type { LogicalMessage } from '@hasivu/pgoutput';

import { followSignal, type SnapshotTable } from '../../core/incremental/follow-signal.ts';
import { parseSignalMessage, SignalMistake } from '../../core/incremental/signal.ts';
import type { SourceDependencies } from '../../source-dependencies.ts';
import type { IncrementalSnapshots } from './incremental-snapshots.ts';

/** Prefix of the messages that are signals. */
export const SIGNAL_PREFIX = 'hasivu.signal';

const LONGEST_ID = 128;

/** Follows signals in the order of the stream, each once. A signal that cannot be followed is told, and nothing else. */
export class SnapshotSignals {
  readonly #dependencies: SourceDependencies;
  readonly #snapshots: IncrementalSnapshots;
  readonly #tables: readonly SnapshotTable[];
  readonly #messagesMayHaveConditions: boolean;

  constructor(
    dependencies: SourceDependencies,
    snapshots: IncrementalSnapshots,
    tables: readonly SnapshotTable[],
  ) {
    this.#dependencies = dependencies;
    this.#snapshots = snapshots;
    this.#tables = tables;
    this.#messagesMayHaveConditions = dependencies.settings.postgres.signalMessages === 'all';
  }

  /** A logical message. @param seq -1 when it was followed before */
  message({ content, lsn }: LogicalMessage, seq: number): void {
    if (seq < 0) return;
    const fallbackId = `message-${lsn.toString(16)}`;
    try {
      const { id, type, data } = parseSignalMessage(content.toString('utf8'));
      this.#take(id ?? fallbackId, type, data, this.#messagesMayHaveConditions);
    } catch (error) {
      if (!(error instanceof SignalMistake)) throw error;
      this.#take(fallbackId, '', null, false);
    }
  }

  /** A row of the signal table: who may insert one was chosen. */
  row(id: string, type: string, data: string | null): void {
    this.#take(id, type, data, true);
  }

  #take(id: string, type: string, data: string | null, mayHaveCondition: boolean): void {
    const { logger, metrics } = this.#dependencies;
    const signal = { id: id.slice(0, LONGEST_ID), type, data, mayHaveCondition };
    const followed = followSignal(this.#snapshots.requests, signal, this.#tables, Date.now());
    for (const why of followed.refused) {
      const refused = new PlatformError('SOURCE_SIGNAL_INVALID', { doing: 'following a signal', why });
      logger.warn({ code: refused.code, signal: signal.id }, refused.message);
    }
    metrics.signal(followed.refused.length > 0 ? 'refused' : 'followed');
    if (followed.log !== undefined) logger.info({ signal: signal.id }, followed.log);
    else if (followed.refused.length === 0)
      logger.info({ signal: signal.id, type: signal.type }, 'signal followed');
    this.#snapshots.change(followed.requests);
  }
}
