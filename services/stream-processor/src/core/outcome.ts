/** A broken rule, or a step that refused the row. */
export interface Violation {
  readonly rule: string;
  readonly fingerprint: string;
  readonly reason: string;
}

/** What became of one event in one pipeline. Every event has exactly one outcome per pipeline. */
export type Outcome =
  | { readonly tag: 'good' | 'dropped' | 'tombstone' }
  | { readonly tag: 'quarantined'; readonly violations: readonly Violation[] }
  | { readonly tag: 'dead_letter'; readonly reason: string };

export const OUTCOMES = [
  'good',
  'dropped',
  'quarantined',
  'dead_letter',
  'tombstone',
] as const satisfies readonly Outcome['tag'][];

export const GOOD: Outcome = { tag: 'good' };
export const DROPPED: Outcome = { tag: 'dropped' };

export function quarantined(violations: readonly Violation[]): Outcome {
  return { tag: 'quarantined', violations };
}
