import { normalKey } from './normal-key.ts';

/** Files whose last read is known at most: some 25 MB. Beyond it the reads of longest ago are forgotten. */
const MOST_FILES = 100_000;
/** Room that is made at once, so that a full memory is not sorted for each read. */
const ROOM = 0.1;

/** When data files of the lake were last read, in bounded memory. */
export class ReadTimes {
  readonly #atMs = new Map<string, number>();
  readonly #mostFiles: number;

  constructor(mostFiles = MOST_FILES) {
    this.#mostFiles = mostFiles;
  }

  get files(): number {
    return this.#atMs.size;
  }

  /** @param key as {@link normalKey} has it */
  note(key: string, atMs: number): void {
    const known = this.#atMs.get(key);
    if (known !== undefined && known >= atMs) return;
    if (known === undefined && this.#atMs.size >= this.#mostFiles) this.#makeRoom();
    this.#atMs.set(key, atMs);
  }

  /** Of an object of the lake, milliseconds since 1970; null where no read is known. */
  lastReadMs(key: string): number | null {
    return this.#atMs.get(normalKey(key)) ?? null;
  }

  /** Reads of before the moment say nothing any more. */
  forgetBefore(ms: number): void {
    for (const [key, atMs] of this.#atMs) if (atMs < ms) this.#atMs.delete(key);
  }

  entries(): IterableIterator<[string, number]> {
    return this.#atMs.entries();
  }

  #makeRoom(): void {
    const times = Float64Array.from(this.#atMs.values()).sort();
    const before = times[Math.min(times.length - 1, Math.ceil(times.length * ROOM))] as number;
    this.forgetBefore(before);
    // All of one moment: whichever came first.
    for (const key of this.#atMs.keys()) {
      if (this.#atMs.size < this.#mostFiles) return;
      this.#atMs.delete(key);
    }
  }
}
