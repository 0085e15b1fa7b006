import type { AbortedTransaction } from '../protocol/fetch.ts';

const NOTHING: readonly AbortedTransaction[] = [];

/**
 * Tells the batches of aborted transactions from the others while a fetched record set is read in order. The broker
 * lists the aborted transactions that overlap the set; one ends at its producer's abort marker.
 */
export class AbortedTransactions {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[] = NOTHING) {
    this.#waiting =
      aborted.length === 0 ? [] : [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? 1 : -1));
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#open.size === 0;
  }

  /** True where the batch's records were aborted. `lastOffset` is that of the batch. */
  covers(producerId: bigint, lastOffset: bigint): boolean {
    for (let next = this.#waiting.at(-1); next !== undefined; next = this.#waiting.at(-1)) {
      if (next.firstOffset > lastOffset) break;
      this.#open.add(next.producerId);
      this.#waiting.pop();
    }
    return this.#open.has(producerId);
  }

  /** An abort marker of this producer was passed. */
  close(producerId: bigint): void {
    this.#open.delete(producerId);
  }
}
