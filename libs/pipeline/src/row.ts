import type { ColumnValue } from '@hasivu/change-events';

/**
 * The one row that a pipeline works on, reused for every event. The input columns come first in `values`, then the slots
 * that steps write: a step never overwrites its input, so an untouched column can be copied from the event's bytes.
 */
export interface Row {
  readonly values: ColumnValue[];
  /** By slot: 1 where the value is an unchanged out-of-line one that the log does not carry. */
  readonly unavailable: Uint8Array;
  /** False for nearly every row, which then pays for one test only. */
  hasUnavailable: boolean;
}

export function createRow(slots: number): Row {
  return {
    values: new Array<ColumnValue>(slots).fill(null),
    unavailable: new Uint8Array(slots),
    hasUnavailable: false,
  };
}

/** Forgets the unavailable marks of the row before. */
export function clearUnavailable(row: Row): void {
  if (!row.hasUnavailable) return;
  row.unavailable.fill(0);
  row.hasUnavailable = false;
}

export function readsUnavailable(row: Row, slots: readonly number[]): boolean {
  if (!row.hasUnavailable) return false;
  for (const slot of slots) if (row.unavailable[slot] === 1) return true;
  return false;
}
