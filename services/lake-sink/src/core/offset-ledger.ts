/** Offset before the first record: what a table knows that has no txn action yet. */
export const NOTHING = -1;

/**
 * Which offsets each of a topic's tables has accepted. It starts from the tables' own `txn` actions, so that a record
 * goes exactly to the tables that do not have it yet.
 */
export class OffsetLedger {
  /** Per Kafka partition the last accepted offset of each target, by the place of its bit. */
  readonly #partitions = new Map<number, number[]>();
  #targets: number;

  /** @param targets the tables that this topic feeds, as bits of `TARGET` */
  constructor(targets: number) {
    this.#targets = targets;
  }

  /** Leaves out tables that turn out not to be fed, e.g. a current state without a key. */
  restrict(targets: number): void {
    this.#targets = targets;
  }

  /** Sets where a partition's tables are, once, at start. */
  open(partition: number, log: number, state: number, ...histories: readonly number[]): void {
    this.#partitions.set(partition, [log, state, ...histories]);
  }

  /** Offset to fetch from: after the least that any of the tables has. */
  startOffset(partition: number): number {
    const fed = this.#of(partition).filter((_, place) => (this.#targets & (1 << place)) !== 0);
    return fed.length === 0 ? 0 : Math.min(...fed) + 1;
  }

  /** Tables that still lack the record at this offset, as bits; 0 for none. */
  wantedBy(partition: number, offset: number): number {
    const at = this.#of(partition);
    let wanted = 0;
    for (let place = 0; place < at.length; place += 1) {
      const bit = 1 << place;
      if ((this.#targets & bit) !== 0 && offset > (at[place] as number)) wanted |= bit;
    }
    return wanted;
  }

  /** The record is in a batch (or deliberately passed over) for these tables. */
  accept(partition: number, offset: number, targets: number): void {
    const at = this.#of(partition);
    for (let place = 0; place < at.length; place += 1) if ((targets & (1 << place)) !== 0) at[place] = offset;
  }

  #of(partition: number): number[] {
    let at = this.#partitions.get(partition);
    if (at === undefined) {
      at = Array.from({ length: 32 - Math.clz32(this.#targets) }, () => NOTHING);
      this.#partitions.set(partition, at);
    }
    return at;
  }
}

const APP = 'lake-sink';

/** Whether a table's sequence is kept by a sink: of all tables, since a table is of one topic. */
export function isOwnAppId(appId: string): boolean {
  return appId.startsWith(`${APP}-`);
}

/** `txn` application id of a Kafka partition in a table. */
export function partitionAppId(topic: string, partition: number | ''): string {
  return `${APP}-${topic}-${partition}`;
}

/** The last TRUNCATE of a state table is kept as two sequences, since one `txn` holds one number. */
export function truncateAppIds(topic: string): { readonly lsn: string; readonly seq: string } {
  return { lsn: `${APP}-${topic}-truncate-lsn`, seq: `${APP}-${topic}-truncate-seq` };
}

/** The greatest position that a history has seen: what comes later than it is in order without looking. */
export function seenAppIds(topic: string): { readonly lsn: string; readonly seq: string } {
  return { lsn: `${APP}-${topic}-seen-lsn`, seq: `${APP}-${topic}-seen-seq` };
}
