import { formatLsn, type Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import type { Progress } from './progress-record.ts';

/** What is known of the replication slot at start. */
export interface SlotFacts {
  readonly plugin: string;
  readonly database: string | null;
  readonly confirmedLsn: Lsn | null;
  readonly walStatus: string | null;
}

export interface StartFacts {
  readonly slot: string;
  readonly database: string;
  /** null when the slot does not exist. */
  readonly slotFacts: SlotFacts | null;
  /** null when Kafka holds no progress of this slot. */
  readonly progress: Progress | null;
  /** OID of every table to capture, by `schema.table`. */
  readonly tables: ReadonlyMap<string, number>;
}

export interface StartPlan {
  /** Create the permanent slot first; its own snapshot serves the copies. */
  readonly createSlot: boolean;
  /** Tables without a finished copy. */
  readonly pending: readonly string[];
  /**
   * Progress of the captured tables alone: a table that is left out for a while and captured again is copied again,
   * because its changes meanwhile were not captured.
   */
  readonly progress: Progress | null;
}

/** @throws PlatformError SOURCE_SLOT_MISMATCH, SOURCE_SLOT_LOST */
export function checkSlot(slot: string, facts: SlotFacts, database: string): void {
  const doing = `looking up the replication slot "${slot}"`;
  if (facts.plugin !== 'pgoutput' || facts.database !== database) {
    const why = `the slot belongs to plugin ${facts.plugin} and database ${facts.database ?? '(none)'}`;
    throw new PlatformError('SOURCE_SLOT_MISMATCH', { doing, why });
  }
  if (facts.walStatus === 'lost') {
    throw new PlatformError('SOURCE_SLOT_LOST', {
      doing,
      why: 'the server has removed log that the slot needs',
    });
  }
}

/**
 * What a start has to do, from what Postgres and Kafka hold. A slot without progress is read from where it stands and
 * every table is copied again; progress without its slot, or a slot that is ahead of the progress, means that changes
 * were lost, and only a person may decide to go on.
 * @throws PlatformError SOURCE_SLOT_*
 */
export function planStart(facts: StartFacts): StartPlan {
  const { slot, slotFacts, progress } = facts;
  const doing = `looking up the replication slot "${slot}"`;
  const kept = new Map(
    [...(progress?.tables ?? [])].filter(([name, table]) => facts.tables.get(name) === table.oid),
  );
  const pending = [...facts.tables.keys()].filter((name) => kept.get(name)?.done !== true);
  if (!slotFacts) {
    if (progress)
      throw new PlatformError('SOURCE_SLOT_LOST', { doing, why: 'the slot does not exist any more' });
    return { createSlot: true, pending, progress: null };
  }
  checkSlot(slot, slotFacts, facts.database);
  const confirmed = slotFacts.confirmedLsn;
  if (progress && confirmed !== null && confirmed > progress.confirmLsn) {
    throw new PlatformError('SOURCE_SLOT_MOVED', {
      doing,
      why: `the slot is confirmed up to ${formatLsn(confirmed)}, but Kafka has the changes only up to ${formatLsn(progress.confirmLsn)}`,
    });
  }
  return { createSlot: false, pending, progress: progress && { ...progress, tables: kept } };
}
