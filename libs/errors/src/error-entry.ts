/** What the process does after an error of this code. There is no default: every code states one. */
export type RetryPolicy =
  /** Transient infrastructure: retry in place with back-off and a bound, then exit and replay. */
  | 'timed'
  /** A person has to change something first; retrying repeats the failure. Exit code 2. */
  | 'manual'
  /** A state that no retry can repair in this process; exit, restart and replay from durable progress. */
  | 'restart'
  /** Room has to be made first, by upkeep or by a person: what has to go on asks again at a bounded interval and does not end. Exit code 2 of a command. */
  | 'wait'
  /** Data, not infrastructure: routed as a value to quarantine or the dead-letter topic. */
  | 'never';

export interface ErrorEntry {
  /** One line for a person who has never seen it. */
  readonly summary: string;
  /** What usually leads to it. */
  readonly cause: string;
  /** What to do about it, as an instruction. */
  readonly remedy: string;
  readonly retry: RetryPolicy;
}
