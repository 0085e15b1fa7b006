import type { Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

/** What is known of the replication slot at start. */
export interface SlotFacts {
  readonly plugin: string;
  readonly database: string | null;
  readonly confirmedLsn: Lsn | null;
  readonly walStatus: string | null;
  readonly invalidationReason: string | null;
}

/** @throws PlatformError SOURCE_SLOT_MISMATCH */
export function checkSlotOwner(slot: string, facts: SlotFacts, database: string): void {
  if (facts.plugin === 'pgoutput' && facts.database === database) return;
  throw new PlatformError('SOURCE_SLOT_MISMATCH', {
    doing: `looking up the replication slot "${slot}"`,
    why: `the slot belongs to plugin ${facts.plugin} and database ${facts.database ?? '(none)'}`,
  });
}

/** The error of a slot that the server has given up, or null. */
export function lostSlot(slot: string, facts: SlotFacts): PlatformError | null {
  const { walStatus, invalidationReason } = facts;
  if (walStatus !== 'lost' && invalidationReason === null) return null;
  const reason = invalidationReason ?? 'wal_removed';
  return new PlatformError('SOURCE_SLOT_LOST', {
    doing: `looking up the replication slot "${slot}"`,
    why: `the server has given the slot up (${REASONS[reason] ?? reason})`,
    context: { slot, reason },
  });
}

const REASONS: Readonly<Record<string, string>> = {
  wal_removed: 'it held back more log than max_slot_wal_keep_size allows',
  idle_timeout: 'nobody read it for longer than idle_replication_slot_timeout',
  rows_removed: 'catalog rows that it needs were removed',
  wal_level_insufficient: 'wal_level was below logical for a while',
};
