import type { TopicWriter } from './topic-writer.ts';

/** Flushes at once: each holds files, requests and their answers, and hundreds of tables may be due together. */
const MAX_FLUSHES = 8;

/** Whose flush is under way, and who is due and waits for its turn. What waits for room in the lake keeps its turn. */
export class FlushTurns {
  readonly #flush: (writer: TopicWriter) => Promise<void>;
  readonly #underWay = new Map<TopicWriter, Promise<void>>();
  readonly #waiting = new Set<TopicWriter>();
  #ended = Promise.withResolvers<void>();

  /** @param flush never rejects */
  constructor(flush: (writer: TopicWriter) => Promise<void>) {
    this.#flush = flush;
  }

  /** At once, or as soon as one of the others has ended. */
  begin(writer: TopicWriter): void {
    if (this.#underWay.size >= MAX_FLUSHES) {
      this.#waiting.add(writer);
      return;
    }
    this.#waiting.delete(writer);
    const flush = this.#flush(writer).finally(() => {
      this.#underWay.delete(writer);
      this.#ended.resolve();
      this.#ended = Promise.withResolvers();
      this.#next();
    });
    this.#underWay.set(writer, flush);
  }

  get any(): boolean {
    return this.#underWay.size > 0;
  }

  /** Whether some flush is under way that does not wait for room in the lake, which may take days. */
  get moves(): boolean {
    for (const writer of this.#underWay.keys()) if (!writer.waitsForRoom) return true;
    return false;
  }

  /** The next flush that ends, also one that is not begun yet. */
  ended(): Promise<void> {
    return this.#ended.promise;
  }

  async allEnded(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  /** Nobody gets a turn any more. */
  close(): void {
    this.#waiting.clear();
  }

  #next(): void {
    for (const writer of this.#waiting) {
      this.#waiting.delete(writer);
      if (!writer.hasRows) continue;
      this.begin(writer);
      return;
    }
  }
}
