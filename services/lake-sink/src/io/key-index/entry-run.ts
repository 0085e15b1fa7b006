import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { PlatformError } from '@hasivu/errors';

/** Entries that lie between two of the first words that are kept in memory: some 4 KB. */
export const BLOCK_ENTRIES = 256;
/** Blocks that are read at once where the wanted ones lie close together. */
const READ_BLOCKS = 64;
/** Blocks between two wanted ones that are read rather than leapt over: a call costs as much. */
const NEAR_BLOCKS = 4;

/** Called for each entry whose code is one of those looked for. */
export type OnEntry = (code: number, file: number, row: number) => void;

/** Entries in the order of their first word, in a file of this process that is written once. */
export class EntryRun {
  readonly entries: number;
  readonly #words: number;
  readonly #path: string;
  readonly #descriptor: number;
  /** First word of each block. */
  readonly #fences: Uint32Array;

  constructor(path: string, descriptor: number, words: number, entries: number, fences: Uint32Array) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#words = words;
    this.entries = entries;
    this.#fences = fences;
  }

  /**
   * Looks for codes.
   * @param codes of `words − 2` words each
   * @param order numbers of the codes, by their first word
   */
  find(codes: Uint32Array, order: Uint32Array, buffer: Uint32Array, onEntry: OnEntry): void {
    const width = this.#words - 2;
    const firstOf = (at: number): number => codes[(order[at] as number) * width] as number;
    let block = 0;
    for (let at = 0; at < order.length;) {
      block = this.#blockOf(firstOf(at), block);
      const begin = block;
      let end = this.#endOf(firstOf(at), begin);
      let next = at + 1;
      while (next < order.length) {
        const wanted = this.#blockOf(firstOf(next), block);
        if (wanted > end + NEAR_BLOCKS) break;
        const last = Math.max(end, this.#endOf(firstOf(next), wanted));
        if (last - begin > READ_BLOCKS) break;
        block = wanted;
        end = last;
        next += 1;
      }
      const wordsToRead = (end - begin) * BLOCK_ENTRIES * this.#words;
      // More entries than that share one first word only where keys were made for it.
      const into =
        wordsToRead <= buffer.length ? buffer.subarray(0, wordsToRead) : new Uint32Array(wordsToRead);
      const count = this.readEntries(begin * BLOCK_ENTRIES, into);
      for (; at < next; at += 1) this.#match(codes, order[at] as number, into, count, onEntry);
    }
  }

  /** Entries from number `first` on, as many as fit. @returns how many */
  readEntries(first: number, target: Uint32Array): number {
    const count = Math.min(this.entries - first, Math.floor(target.length / this.#words));
    const bytes = count * this.#words * 4;
    const read = readSync(this.#descriptor, target, 0, bytes, first * this.#words * 4);
    if (read !== bytes) throw shortRun(read, bytes);
    return count;
  }

  /** Words that `find` needs for one read. */
  static bufferWords(words: number): number {
    return (READ_BLOCKS + 2) * BLOCK_ENTRIES * words;
  }

  close(): void {
    closeSync(this.#descriptor);
    rmSync(this.#path, { force: true });
  }

  /** Last block, from `from` on, that may be the first with the word. */
  #blockOf(word: number, from: number): number {
    const fences = this.#fences;
    // Equal words may begin in the block before the one whose fence is the word.
    let low = from;
    let step = 1;
    while (low + step < fences.length && (fences[low + step] as number) < word) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step, fences.length);
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((fences[middle] as number) < word) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Behind the last block that may have the word; `from` has it or is before it. */
  #endOf(word: number, from: number): number {
    let end = from + 1;
    while (end < this.#fences.length && (this.#fences[end] as number) <= word) end += 1;
    return end;
  }

  #match(codes: Uint32Array, code: number, entries: Uint32Array, count: number, onEntry: OnEntry): void {
    const words = this.#words;
    const width = words - 2;
    const word = codes[code * width] as number;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle * words] as number) < word) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < count && entries[at * words] === word; at += 1) {
      let same = 1;
      while (same < width && entries[at * words + same] === codes[code * width + same]) same += 1;
      if (same === width)
        onEntry(code, entries[at * words + width] as number, entries[at * words + width + 1] as number);
    }
  }
}

/** Writes a run; entries are appended in order. */
export class RunWriter {
  readonly #path: string;
  readonly #words: number;
  readonly #descriptor: number;
  #fences = new Uint32Array(64);
  #entries = 0;

  constructor(path: string, words: number) {
    this.#path = path;
    this.#words = words;
    this.#descriptor = openSync(path, 'wx+', 0o600);
  }

  append(entries: Uint32Array, count: number): void {
    const first = Math.ceil(this.#entries / BLOCK_ENTRIES) * BLOCK_ENTRIES;
    for (let at = first; at < this.#entries + count; at += BLOCK_ENTRIES)
      this.#fence(at / BLOCK_ENTRIES, entries[(at - this.#entries) * this.#words] as number);
    const bytes = count * this.#words * 4;
    const place = this.#entries * this.#words * 4;
    for (let done = 0; done < bytes;)
      done += writeSync(this.#descriptor, entries, done, bytes - done, place + done);
    this.#entries += count;
  }

  finish(): EntryRun {
    const fences = this.#fences.slice(0, Math.ceil(this.#entries / BLOCK_ENTRIES));
    return new EntryRun(this.#path, this.#descriptor, this.#words, this.#entries, fences);
  }

  /** Takes the half-written file back. */
  abandon(): void {
    closeSync(this.#descriptor);
    rmSync(this.#path, { force: true });
  }

  #fence(block: number, word: number): void {
    if (block === this.#fences.length) {
      const longer = new Uint32Array(block * 2);
      longer.set(this.#fences);
      this.#fences = longer;
    }
    this.#fences[block] = word;
  }
}

function shortRun(read: number, bytes: number): PlatformError {
  return new PlatformError('LAKE_MERGE_FAILED', {
    doing: 'looking keys up in the index on local disk',
    why: `a file of it ends after ${read} of ${bytes} bytes`,
  });
}
