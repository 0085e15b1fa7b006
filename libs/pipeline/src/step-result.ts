/** What became of a row. Bad data is a value; only bad infrastructure throws. */
export type StepResult = Ok | Reject | Drop | Route;

export interface Ok {
  readonly tag: 'ok';
}

/** The row can't be processed as configured; `reason` never carries a value of the row. */
export interface Reject {
  readonly tag: 'reject';
  readonly rule: string;
  readonly fingerprint: string;
  readonly reason: string;
}

/** The row is not wanted in the output. */
export interface Drop {
  readonly tag: 'drop';
}

/** The row is good and goes to this output in the place of the pipeline's own. */
export interface Route {
  readonly tag: 'route';
  readonly output: string;
}

/** Shared, so that a good row costs no object. */
export const OK: Ok = { tag: 'ok' };
export const DROP: Drop = { tag: 'drop' };
