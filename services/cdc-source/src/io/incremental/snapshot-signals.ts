import { PlatformError } from '@hasivu/errors';
import type { LogicalMessage } from '@hasivu/pgoutput';

import {
  followSignal,
  refuseSignal,
  type FollowedSignal,
  type SnapshotTable,
} from '../../core/incremental/follow-signal.ts';
import type { RequestBounds } from '../../core/incremental/request-bounds.ts';
import { MAX_SIGNAL_BYTES, parseSignalMessage, SignalMistake } from '../../core/incremental/signal.ts';
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
  readonly #bounds: RequestBounds;
  readonly #messagesMayHaveConditions: boolean;

  constructor(
    dependencies: SourceDependencies,
    snapshots: IncrementalSnapshots,
    tables: readonly SnapshotTable[],
    bounds: RequestBounds,
  ) {
    this.#dependencies = dependencies;
    this.#snapshots = snapshots;
    this.#tables = tables;
    this.#bounds = bounds;
    this.#messagesMayHaveConditions = dependencies.settings.postgres.signalMessages === 'all';
  }

  /** A logical message. @param seq -1 when it was followed before */
  message({ content, lsn }: LogicalMessage, seq: number): void {
    if (seq < 0) return;
    const fallbackId = `message-${lsn.toString(16)}`;
    try {
      if (content.length > MAX_SIGNAL_BYTES)
        throw new SignalMistake(`it has more than ${MAX_SIGNAL_BYTES} bytes`);
      const { id, type, data } = parseSignalMessage(content.toString('utf8'));
      this.#take(id ?? fallbackId, type, data, this.#messagesMayHaveConditions);
    } catch (error) {
      if (!(error instanceof SignalMistake)) throw error;
      this.#told(fallbackId, '', refuseSignal(this.#snapshots.requests, fallbackId, error, Date.now()));
    }
  }

  /** A row of the signal table: who may insert one was chosen. */
  row(id: string, type: string, data: string | null): void {
    this.#take(id, type, data, true);
  }

  #take(id: string, type: string, data: unknown, mayHaveCondition: boolean): void {
    const signal = { id: id.slice(0, LONGEST_ID), type, data, mayHaveCondition };
    const { requests } = this.#snapshots;
    const followed = followSignal(requests, signal, this.#tables, Date.now(), this.#bounds);
    this.#told(signal.id, type, followed);
  }

  #told(signal: string, type: string, { requests, refused, log }: FollowedSignal): void {
    const { logger, metrics } = this.#dependencies;
    for (const why of refused) {
      const error = new PlatformError('SOURCE_SIGNAL_INVALID', { doing: 'following a signal', why });
      logger.warn({ code: error.code, signal }, error.message);
    }
    metrics.signal(refused.length > 0 ? 'refused' : 'followed');
    if (log !== undefined) logger.info({ signal }, log);
    else if (refused.length === 0) logger.info({ signal, type }, 'signal followed');
    this.#snapshots.change(requests);
  }
}
