import { formatLsn, type Lsn, type Position } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import { checkSystem, isFormerPrimary, sharedHistory, type ServerHistory } from './history-check.ts';
import { publishedThrough, type Progress } from './progress-record.ts';
import { lostSlot, type SlotFacts } from './slot-check.ts';

export interface StartFacts {
  readonly slot: string;
  /** null when the slot does not exist. */
  readonly slotFacts: SlotFacts | null;
  /** null when Kafka holds no progress of this slot. */
  readonly progress: Progress | null;
  readonly server: ServerHistory;
  /** What to do when changes were lost. */
  readonly onLostSlot: 'stop' | 'resnapshot';
  /** OID of every table to capture, by `schema.table`. */
  readonly tables: ReadonlyMap<string, number>;
}

/** Changes that no stream will bring any more. */
export interface LostChanges {
  readonly error: PlatformError;
  /** Last event before them. */
  readonly after: Position;
}

export interface StartPlan {
  /** Drop what is left of the slot before anything else. */
  readonly dropSlot: boolean;
  /** Create the permanent slot first; its own snapshot serves the copies. */
  readonly createSlot: boolean;
  /** Tables without a finished copy. */
  readonly pending: readonly string[];
  /**
   * Progress of the captured tables alone: a table that is left out for a while and captured again is copied again,
   * because its changes meanwhile were not captured.
   */
  readonly progress: Progress | null;
  /** Why everything is copied again, where changes were lost. */
  readonly lost: LostChanges | null;
}

/**
 * What a start has to do, from what Postgres and Kafka hold. A slot without progress is read from where it stands and
 * every table is copied again. Progress without its slot, a slot that is ahead of the progress, or a server whose history
 * lacks what was published mean that changes were lost: whether to go on with new copies is the configuration's choice.
 * @throws PlatformError SOURCE_SLOT_*, SOURCE_TIMELINE_DIVERGED, SOURCE_SYSTEM_CHANGED
 */
export function planStart(facts: StartFacts): StartPlan {
  const { slotFacts, progress } = facts;
  if (progress) checkSystem(progress, facts.server);
  const shared = progress ? sharedHistory(progress, facts.server) : null;
  if (shared instanceof PlatformError) return planRecovery(facts, shared);
  const error = lossOf(facts, shared?.confirmLsn ?? null);
  if (error) return planRecovery(facts, error);
  const kept = new Map(
    [...(progress?.tables ?? [])].filter(([name, table]) => facts.tables.get(name) === table.oid),
  );
  const pending = [...facts.tables.keys()].filter((name) => kept.get(name)?.done !== true);
  if (!slotFacts || !progress) {
    return { dropSlot: false, createSlot: slotFacts === null, pending, progress: null, lost: null };
  }
  return {
    dropSlot: false,
    createSlot: false,
    pending,
    progress: { ...progress, ...shared, tables: kept },
    lost: null,
  };
}

/** @param shared position up to which the slot may be confirmed without a loss */
function lossOf({ slot, slotFacts, progress }: StartFacts, shared: Lsn | null): PlatformError | null {
  const doing = `looking up the replication slot "${slot}"`;
  if (!slotFacts) {
    if (!progress) return null;
    return new PlatformError('SOURCE_SLOT_LOST', { doing, why: 'the slot does not exist any more' });
  }
  const lost = lostSlot(slot, slotFacts);
  if (lost) return lost;
  const confirmed = slotFacts.confirmedLsn;
  if (shared === null || confirmed === null || confirmed <= shared) return null;
  return new PlatformError('SOURCE_SLOT_MOVED', {
    doing,
    why: `the slot is confirmed up to ${formatLsn(confirmed)}, but Kafka has the changes only up to ${formatLsn(shared)}`,
  });
}

/** @throws PlatformError the loss itself, where it may not be repaired or a copy would not be newer than what it repairs */
function planRecovery(facts: StartFacts, error: PlatformError): StartPlan {
  const { progress, server, slotFacts } = facts;
  if (facts.onLostSlot === 'stop') throw error;
  // Copies would bring back the state before the promotion.
  if (progress && isFormerPrimary(progress, server)) throw error;
  // Readers keep the newest position of a row: a copy that is not behind everything published would be ignored by them.
  if (progress && server.endLsn <= publishedThrough(progress)) throw error;
  return {
    dropSlot: slotFacts !== null,
    createSlot: true,
    pending: [...facts.tables.keys()],
    progress: null,
    lost: progress && { error, after: progress.position },
  };
}
