import { setImmediate } from 'node:timers/promises';
import { type EntryRun, RunWriter } from './entry-run.ts';

/** Entries that are read of a run, and written, at once. */
const STEP_ENTRIES = 4_096;
/** Some milliseconds. */
const STEPS_PER_TURN = 16;

/** The next entries of one run. */
class RunHead {
  readonly #run: EntryRun;
  readonly #words: number;
  readonly buffer: Uint32Array;
  /** Word of the buffer at which the present entry begins. */
  at = 0;
  /** The present entry's first. */
  word = 0;
  #held = 0;
  #read = 0;

  constructor(run: EntryRun, words: number) {
    this.#run = run;
    this.#words = words;
    this.buffer = new Uint32Array(STEP_ENTRIES * words);
    this.#fill();
  }

  get isAtEnd(): boolean {
    return this.#held === 0;
  }

  step(): void {
    this.at += this.#words;
    if (this.at >= this.#held * this.#words) this.#fill();
    else this.word = this.buffer[this.at] as number;
  }

  #fill(): void {
    this.#held = this.#run.readEntries(this.#read, this.buffer);
    this.#read += this.#held;
    this.at = 0;
    this.word = this.buffer[0] as number;
  }
}

/**
 * Writes the entries of several runs as one, in stretches between which others get their turn. Entries whose file number
 * `isKept` denies are left out.
 */
export async function mergeRuns(
  runs: readonly EntryRun[],
  path: string,
  words: number,
  isKept: (file: number) => boolean,
): Promise<EntryRun> {
  const writer = new RunWriter(path, words);
  try {
    const merge = new Merge(runs, words, isKept);
    const out = new Uint32Array(STEP_ENTRIES * words);
    for (let steps = 1; ; steps += 1) {
      const entries = merge.take(out);
      if (entries === 0) return writer.finish();
      writer.append(out, entries);
      if (steps % STEPS_PER_TURN === 0) await setImmediate();
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** The entries of several runs, in order. */
class Merge {
  readonly #words: number;
  readonly #isKept: (file: number) => boolean;
  /** A heap: none comes after the two at twice its place and one or two on. */
  readonly #heads: RunHead[];

  constructor(runs: readonly EntryRun[], words: number, isKept: (file: number) => boolean) {
    this.#words = words;
    this.#isKept = isKept;
    this.#heads = runs.map((run) => new RunHead(run, words)).filter((head) => !head.isAtEnd);
    this.#heads.sort((left, right) => left.word - right.word);
  }

  /** Fills `out` as far as there are entries. @returns how many */
  take(out: Uint32Array): number {
    const words = this.#words;
    const heads = this.#heads;
    let held = 0;
    while (held < STEP_ENTRIES && heads.length > 0) {
      const head = heads[0] as RunHead;
      const { buffer } = head;
      const from = head.at;
      if (this.#isKept(buffer[from + words - 2] as number)) {
        const to = held * words;
        for (let word = 0; word < words; word += 1) out[to + word] = buffer[from + word] as number;
        held += 1;
      }
      head.step();
      if (head.isAtEnd) {
        const last = heads.pop() as RunHead;
        if (last !== head) heads[0] = last;
      }
      this.#sink();
    }
    return held;
  }

  /** Puts the first head where it belongs. */
  #sink(): void {
    const heads = this.#heads;
    const head = heads[0];
    if (head === undefined) return;
    const { word } = head;
    let at = 0;
    for (let child = 1; child < heads.length; child = at * 2 + 1) {
      const right = heads[child + 1];
      if (right !== undefined && right.word < (heads[child] as RunHead).word) child += 1;
      const lesser = heads[child] as RunHead;
      if (lesser.word >= word) break;
      heads[at] = lesser;
      at = child;
    }
    heads[at] = head;
  }
}
