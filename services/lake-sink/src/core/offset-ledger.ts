import { TARGET } from './row-batch.ts';

/** Offset before the first record: what a table knows that has no txn action yet. */
export const NOTHING = -1;

/** Last accepted offsets of one Kafka partition per target; undefined targets take nothing. */
interface PartitionProgress {
  log: number;
  state: number;
}

/**
 * Which offsets each of a topic's tables has accepted. It starts from the tables' own `txn` actions, so that a record
 * goes exactly to the tables that do not have it yet.
 */
export class OffsetLedger {
  readonly #partitions = new Map<number, PartitionProgress>();
  #targets: number;

  /** @param targets the tables that this topic feeds, as bits of {@link TARGET} */
  constructor(targets: number) {
    this.#targets = targets;
  }

  /** Leaves out tables that turn out not to be fed, e.g. a current state without a key. */
  restrict(targets: number): void {
    this.#targets = targets;
  }

  /** Sets where a partition's tables are, once, at start. */
  open(partition: number, log: number, state: number): void {
    this.#partitions.set(partition, { log, state });
  }

  /** Offset to fetch from: after the least that any of the tables has. */
  startOffset(partition: number): number {
    const at = this.#of(partition);
    const log = (this.#targets & TARGET.log) === 0 ? Infinity : at.log;
    const state = (this.#targets & TARGET.state) === 0 ? Infinity : at.state;
    const least = Math.min(log, state);
    return least === Infinity ? 0 : least + 1;
  }

  /** Tables that still lack the record at this offset, as bits; 0 for none. */
  wantedBy(partition: number, offset: number): number {
    const at = this.#of(partition);
    let wanted = 0;
    if ((this.#targets & TARGET.log) !== 0 && offset > at.log) wanted |= TARGET.log;
    if ((this.#targets & TARGET.state) !== 0 && offset > at.state) wanted |= TARGET.state;
    return wanted;
  }

  /** The record is in a batch (or deliberately passed over) for these tables. */
  accept(partition: number, offset: number, targets: number): void {
    const at = this.#of(partition);
    if ((targets & TARGET.log) !== 0) at.log = offset;
    if ((targets & TARGET.state) !== 0) at.state = offset;
  }

  #of(partition: number): PartitionProgress {
    let at = this.#partitions.get(partition);
    if (at === undefined) this.#partitions.set(partition, (at = { log: NOTHING, state: NOTHING }));
    return at;
  }
}

const APP = 'lake-sink';

/** `txn` application id of a Kafka partition in a table. */
export function partitionAppId(topic: string, partition: number): string {
  return `${APP}-${topic}-${partition}`;
}

/** The last TRUNCATE of a state table is kept as two sequences, since one `txn` holds one number. */
export function truncateAppIds(topic: string): { readonly lsn: string; readonly seq: string } {
  return { lsn: `${APP}-${topic}-truncate-lsn`, seq: `${APP}-${topic}-truncate-seq` };
}
