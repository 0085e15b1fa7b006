import type { ServerSnapshot } from './server-snapshot.ts';

/** What the stream says of a key's row. */
export interface Touch {
  /** Transaction of the last change. */
  xid: number;
  /** True when the last whole image of the row may lie before the window: the log left a value out since. */
  partial: boolean;
}

const MAX_TRANSACTIONS = 100_000;

/**
 * The keys that streamed changes have touched since the window was opened, with the last transaction of each. A row that
 * was read under a snapshot which does not see that transaction is older than what readers have.
 */
export class TouchedKeys {
  readonly #keys = new Map<string, Touch>();
  /** Transactions that touched keys no longer counted one by one, or all of them by a truncate. */
  readonly #everything = new Set<number>();
  readonly #truncates = new Set<number>();
  readonly #maxKeys: number;
  /** True when not even the transactions are known any more: a new window has to be opened. */
  lost = false;

  /** @param maxKeys that are kept one by one */
  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** @param whole true when the change has every value of the row, or removes it */
  touch(key: string, xid: number, whole: boolean): void {
    const known = this.#keys.get(key);
    if (known) {
      known.xid = xid;
      if (whole) known.partial = false;
      return;
    }
    if (this.#keys.size < this.#maxKeys) this.#keys.set(key, { xid, partial: !whole });
    else this.#touchAll(xid);
  }

  /** The table was emptied. */
  truncate(xid: number): void {
    this.#keys.clear();
    this.#truncates.add(xid);
  }

  /** The change that makes a row of this key, read under `snapshot`, too old; null where there is none. */
  newer(key: string, snapshot: ServerSnapshot): Touch | null {
    const touch = this.#keys.get(key);
    return touch && !snapshot.sees(touch.xid) ? touch : null;
  }

  /** True when nothing that was read under `snapshot` may be used: the table was emptied behind it. */
  emptiedAfter(snapshot: ServerSnapshot): boolean {
    return anyUnseen(this.#truncates, snapshot);
  }

  /** True when more was touched behind `snapshot` than is known key by key: the rows have to be read again. */
  overflowed(snapshot: ServerSnapshot): boolean {
    return this.lost || anyUnseen(this.#everything, snapshot);
  }

  /** Forgets what `snapshot`, and so every later one, sees. */
  prune(snapshot: ServerSnapshot): void {
    for (const [key, { xid }] of this.#keys) if (snapshot.sees(xid)) this.#keys.delete(key);
    for (const set of [this.#everything, this.#truncates])
      for (const xid of set) if (snapshot.sees(xid)) set.delete(xid);
  }

  get size(): number {
    return this.#keys.size;
  }

  #touchAll(xid: number): void {
    if (this.#everything.size < MAX_TRANSACTIONS) this.#everything.add(xid);
    else this.lost = true;
  }
}

function anyUnseen(xids: ReadonlySet<number>, snapshot: ServerSnapshot): boolean {
  for (const xid of xids) if (!snapshot.sees(xid)) return true;
  return false;
}
