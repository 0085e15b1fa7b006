import type { ColumnValue } from '@hasivu/change-events';

import { readsUnavailable, type Row } from './row.ts';
import { OK, type Reject, type StepResult } from './step-result.ts';
import { Fault } from './values/fault.ts';

/** Works on the row in place. */
export type Step = (row: Row) => StepResult;

export interface CompiledStep {
  /** `column` steps write a slot; the others decide on the row. */
  readonly kind: 'column' | 'filter' | 'route';
  readonly run: Step;
  /** Slots it reads. */
  readonly reads: readonly number[];
  /** Whether it gives a key column its value. */
  readonly keyed: boolean;
}

/** What a step needs to say when it rejects a row. */
export interface StepIdentity {
  readonly rule: string;
  readonly fingerprint: string;
}

/** Writes `target` from `reads`: unavailable inputs make it unavailable, a fault rejects the row and leaves null. */
export function assign(
  row: Row,
  target: number,
  reads: readonly number[],
  evaluate: (values: readonly ColumnValue[]) => ColumnValue,
  identity: StepIdentity,
): StepResult {
  const { values } = row;
  if (readsUnavailable(row, reads)) {
    values[target] = null;
    row.unavailable[target] = 1;
    return OK;
  }
  try {
    values[target] = evaluate(values);
    return OK;
  } catch (error) {
    values[target] = null;
    return rejection(error, identity);
  }
}

/** @throws whatever is not a {@link Fault}: that is a bug, not data */
export function rejection(error: unknown, identity: StepIdentity): Reject {
  if (!(error instanceof Fault)) throw error;
  return { tag: 'reject', ...identity, reason: error.message };
}
