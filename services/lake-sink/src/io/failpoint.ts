/** Names of the places where a test may kill the process; the service passes a function that does nothing. */
export const FAILPOINTS = [
  'columns-rewritten',
  'columns-changed',
  'log-uploaded',
  'log-committed',
  'state-indexed',
  'state-uploaded',
  'state-committed',
  'history-uploaded',
  'history-committed',
] as const;
export type FailpointName = (typeof FAILPOINTS)[number];
export type Failpoint = (name: FailpointName) => void;
