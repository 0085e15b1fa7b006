import type { ColumnValue } from '@hasivu/change-events';

import type { Rule } from './compile-rules.ts';

export interface BrokenRule {
  readonly rule: Rule;
  readonly reason: string;
}

/** The row as the checker sees it. */
export interface CheckedRow {
  readonly values: readonly ColumnValue[];
  /** By slot: 1 where the value is not in the event. */
  readonly unavailable: Uint8Array;
  readonly hasUnavailable: boolean;
}

const NONE: readonly BrokenRule[] = [];

/** Checks finished rows against all rules of a pipeline. */
export class RuleChecker {
  readonly rules: readonly Rule[];
  readonly #isFault: (error: unknown) => boolean;

  constructor(rules: readonly Rule[], isFault: (error: unknown) => boolean) {
    this.rules = rules;
    this.#isFault = isFault;
  }

  /** Every broken rule; an empty list, always the same one, for a good row. Rules on unavailable values are skipped. */
  check(row: CheckedRow): readonly BrokenRule[] {
    let broken: BrokenRule[] | null = null;
    for (const rule of this.rules) {
      const reason = this.#reason(rule, row);
      if (reason !== null) (broken ??= []).push({ rule, reason });
    }
    return broken ?? NONE;
  }

  #reason(rule: Rule, row: CheckedRow): string | null {
    if (row.hasUnavailable && rule.slots.some((slot) => row.unavailable[slot] === 1)) return null;
    try {
      return rule.holds(row.values) === false ? rule.reason : null;
    } catch (error) {
      if (!this.#isFault(error)) throw error;
      return `it can't be evaluated: ${(error as Error).message}`;
    }
  }
}
