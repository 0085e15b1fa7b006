/**
 * The ways an order of the demo is dirty, one rule each. Dirty orders are never changed or deleted afterwards, so
 * counting them in Postgres says how many rows the quarantine must hold, by rule.
 */
export interface DirtyKind {
  /** Name of the rule in the pipeline. */
  readonly rule: string;
  /** The rule as the configuration writes it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** True in Postgres for the rows that break it. */
  readonly brokenWhere: string;
}

export const DIRTY_KINDS = [
  { rule: 'total_not_negative', config: { range: { column: 'total', min: 0 } }, brokenWhere: 'total < 0' },
  {
    rule: 'currency_known',
    config: { set: { column: 'currency', values: ['INR'] } },
    brokenWhere: `currency <> 'INR'`,
  },
  { rule: 'student_present', config: { notNull: 'student_id' }, brokenWhere: 'student_id IS NULL' },
  {
    rule: 'pickup_code_shape',
    config: { pattern: { column: 'pickup_code', regex: '^[A-Z]{2}[0-9]{4}$' } },
    brokenWhere: `pickup_code !~ '^[A-Z]{2}[0-9]{4}$'`,
  },
] as const satisfies readonly DirtyKind[];

export type DirtyRule = (typeof DIRTY_KINDS)[number]['rule'];
