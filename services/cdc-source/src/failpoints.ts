/** Places where a test may end the process with SIGKILL: what is done there, and what is not yet. */
export const FAILPOINTS = {
  'slot-created': 'the slot and its snapshot exist, nothing was copied',
  'copy-planned': 'the ranges of a copy are decided and durable, none is copied',
  'range-uncommitted': "a range's rows and the record of it are sent, their Kafka transaction is open",
  'range-committed': 'a range is durable, the process does not count it',
  'progress-read': 'the predecessor is fenced, its progress is read, nothing has begun',
  'schema-registered': 'the registry has a schema that no record uses yet',
  'relation-adopted': 'the shape of a relation changed in the middle of the stream',
  'large-transaction-sent': 'a part of a source transaction is in Kafka, uncommitted',
  'spool-spilled': 'a transaction in progress is partly on disk, its outcome is not known',
  'spool-replaying': 'a part of a streamed transaction is routed, the rest is in its spool',
  'spool-replayed': 'a streamed transaction is routed wholly, its spool is still there',
  'chunk-read': 'a chunk of an incremental snapshot is in memory, the log has no mark of it',
  'chunk-marked': 'the log has the mark of a chunk, the stream has not come to it',
  'chunk-emitted': 'the rows of a chunk are appended, its Kafka transaction is open',
  'signal-taken': 'a signal is followed, the progress does not have it',
  'before-kafka-commit': 'events and their progress are appended, the Kafka transaction is open',
  'after-kafka-commit': 'the Kafka transaction is decided, nobody here knows it',
  'before-settle': 'durable in Kafka, the ledger does not count it as durable',
  'before-confirm': 'the ledger counts it as durable, Postgres was not told',
  'stream-ended': 'told to stop: the stream has ended, what was accepted is not committed',
} as const;

export type FailpointName = keyof typeof FAILPOINTS;

let armed: FailpointName | null = null;
let hitsLeft = 0;

/**
 * Arms what `HASIVU_FAILPOINT=<name>[:n]` asks for: the process kills itself at the n-th hit. Only with
 * `HASIVU_TEST_FAILPOINTS=1`, so that a stray variable can never end a process that matters.
 */
export function armFailpoint(env: NodeJS.ProcessEnv): void {
  const setting = env['HASIVU_FAILPOINT'];
  if (setting === undefined || setting === '') return;
  if (env['HASIVU_TEST_FAILPOINTS'] !== '1')
    throw new TypeError('HASIVU_FAILPOINT is set, but HASIVU_TEST_FAILPOINTS=1 is not: refusing to start');
  const [name = '', hits = '1'] = setting.split(':');
  if (!Object.hasOwn(FAILPOINTS, name)) throw new TypeError(`HASIVU_FAILPOINT names no place: ${name}`);
  if (!/^[1-9]\d{0,8}$/.test(hits)) throw new TypeError(`HASIVU_FAILPOINT has no count of hits: ${hits}`);
  armed = name as FailpointName;
  hitsLeft = Number(hits);
}

/** Marks a place. Without an armed failpoint it is one comparison; still, never once per row. */
export function failpoint(name: FailpointName): void {
  if (armed !== name) return;
  hitsLeft--;
  if (hitsLeft === 0) process.kill(process.pid, 'SIGKILL');
}
