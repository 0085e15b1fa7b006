import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseStatistics, type AddFile } from '@hasivu/delta';
import type { EngineVector } from '@hasivu/lake-engine';
import { writeKeyCodes } from '../../core/key-index/key-codes.ts';
import type { KeyLayout } from '../../core/key-index/key-layout.ts';
import { planRunMerge } from '../../core/key-index/merge-plan.ts';
import { orderEntries, PLACE_WORDS } from '../../core/key-index/entry-order.ts';
import { EntryRun, RunWriter, type OnEntry } from './entry-run.ts';
import { mergeRuns } from './merge-runs.ts';

/** Entries that are ordered in memory, twice that while they are: 4 or 6 MB each. */
const ORDERED_ENTRIES = 1 << 18;
/** More than the engine gives at once. */
const LEAST_ENTRIES = 1 << 13;

/** Gives the keys of a file and their row numbers, the last of the vectors, a stretch at a time. */
export type ReadKeys = (
  file: AddFile,
  take: (vectors: readonly EngineVector[], rows: number) => void,
) => Promise<void>;

/**
 * Where each key of a table stands, on local disk: entries of a key's code, a file and a row number. Entries are only ever
 * added, so a row that was marked deleted or whose file went is still found, and whoever looks has to leave it out; a row
 * that is in the table is always found once its file is covered. It belongs to this process: nothing of it is read after
 * a restart, so there is nothing that a crash could have left wrong.
 */
export class KeyIndex {
  readonly layout: KeyLayout;
  readonly #folder: string;
  readonly #words: number;
  /** By path. */
  readonly #covered = new Map<string, { readonly number: number; readonly entries: number }>();
  /** By number: a file that is in the table and covered. */
  readonly #paths = new Map<number, string>();
  #runs: EntryRun[] = [];
  #liveEntries = 0;
  #lastNumber = 0;
  #lastName = 0;

  /** @param folder of its own */
  constructor(folder: string, layout: KeyLayout) {
    this.layout = layout;
    this.#folder = folder;
    this.#words = layout.codeWords + PLACE_WORDS;
    mkdirSync(folder, { recursive: true });
  }

  /** Size on local disk. */
  get bytes(): number {
    return this.#runs.reduce((sum, run) => sum + run.entries, 0) * this.#words * 4;
  }

  /** What it would be larger by with these files, of which it may have some. */
  bytesToCover(files: readonly AddFile[]): number {
    let rows = 0;
    for (const file of files) if (!this.#covered.has(file.path)) rows += rowCount(file);
    return rows * this.#words * 4;
  }

  get runs(): number {
    return this.#runs.length;
  }

  /**
   * Takes in the files that it does not have yet, and leaves out what is no longer in the table.
   * @returns false when some key has no code: then this index is of no use
   */
  async cover(
    live: ReadonlyMap<string, AddFile>,
    files: readonly AddFile[],
    read: ReadKeys,
  ): Promise<boolean> {
    for (const [path, { number, entries }] of this.#covered) {
      if (live.has(path)) continue;
      this.#covered.delete(path);
      this.#paths.delete(number);
      this.#liveEntries -= entries;
    }
    const lacking = files.filter((file) => !this.#covered.has(file.path));
    if (lacking.length === 0) return true;
    const rows = lacking.reduce((sum, file) => sum + rowCount(file), 0);
    const intake = new Intake(this.layout, rows, (entries, count) => this.#addRun(entries, count));
    const taken: { path: string; number: number; entries: number }[] = [];
    for (const file of lacking) {
      // Never one that was given before: entries of a try that failed may lie in a run.
      const number = (this.#lastNumber += 1);
      const before = intake.taken;
      await read(file, (vectors, count) => intake.take(vectors, count, number));
      if (!intake.isCodable) return false;
      taken.push({ path: file.path, number, entries: intake.taken - before });
    }
    intake.end();
    // Only now: of a file whose entries are not all written, rows would be missed.
    for (const { path, number, entries } of taken) {
      this.#covered.set(path, { number, entries });
      this.#paths.set(number, path);
      this.#liveEntries += entries;
    }
    await this.#merge();
    return true;
  }

  /**
   * Looks for codes, one after the other in `codes`, in files that are in the table.
   * @param onFound the code's number among those given, the file's path, the row
   */
  find(codes: Uint32Array, onFound: (code: number, path: string, row: number) => void): void {
    const { codeWords } = this.layout;
    const count = codes.length / codeWords;
    const numbered = new Uint32Array(count * 2);
    for (let code = 0; code < count; code += 1) {
      numbered[code * 2] = codes[code * codeWords] as number;
      numbered[code * 2 + 1] = code;
    }
    const ordered = new Uint32Array(count * 2);
    orderEntries(numbered, count, 2, ordered);
    const order = new Uint32Array(count);
    for (let at = 0; at < count; at += 1) order[at] = ordered[at * 2 + 1] as number;
    const buffer = new Uint32Array(EntryRun.bufferWords(this.#words));
    const onEntry: OnEntry = (code, file, row) => {
      const path = this.#paths.get(file);
      if (path !== undefined) onFound(code, path, row);
    };
    for (const run of this.#runs) run.find(codes, order, buffer, onEntry);
  }

  close(): void {
    for (const run of this.#runs) run.close();
    this.#runs = [];
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #addRun(entries: Uint32Array, count: number): void {
    const writer = new RunWriter(this.#nextPath(), this.#words);
    try {
      writer.append(entries, count);
    } catch (error) {
      writer.abandon();
      throw error;
    }
    this.#runs.push(writer.finish());
  }

  async #merge(): Promise<void> {
    for (;;) {
      const sizes = this.#runs.map((run) => run.entries);
      const chosen = planRunMerge(sizes, this.#liveEntries);
      if (chosen.length < 2) return;
      const merging = chosen.map((at) => this.#runs[at] as EntryRun);
      const isKept = (file: number): boolean => this.#paths.has(file);
      const merged = await mergeRuns(merging, this.#nextPath(), this.#words, isKept);
      this.#runs = [...this.#runs.filter((run) => !merging.includes(run)), merged];
      for (const run of merging) run.close();
    }
  }

  #nextPath(): string {
    return join(this.#folder, `run-${(this.#lastName += 1)}`);
  }
}

/** Unknown counts as many: it is only for the memory and the room that is taken. */
function rowCount(file: AddFile): number {
  const rows = parseStatistics(file.stats).numRecords;
  return rows >= 0 ? rows : ORDERED_ENTRIES;
}

/** Entries on their way into runs. */
class Intake {
  readonly #layout: KeyLayout;
  readonly #words: number;
  readonly #write: (entries: Uint32Array, count: number) => void;
  readonly #capacity: number;
  readonly #entries: Uint32Array;
  readonly #ordered: Uint32Array;
  #held = 0;
  taken = 0;
  isCodable = true;

  /** @param rows that are expected, for the memory that is taken */
  constructor(layout: KeyLayout, rows: number, write: (entries: Uint32Array, count: number) => void) {
    this.#layout = layout;
    this.#words = layout.codeWords + PLACE_WORDS;
    this.#write = write;
    this.#capacity = Math.max(LEAST_ENTRIES, Math.min(rows, ORDERED_ENTRIES));
    this.#entries = new Uint32Array(this.#capacity * this.#words);
    this.#ordered = new Uint32Array(this.#capacity * this.#words);
  }

  take(vectors: readonly EngineVector[], rows: number, file: number): void {
    if (!this.isCodable) return;
    if (this.#held + rows > this.#capacity) this.end();
    const { bytes } = vectors.at(-1) as EngineVector;
    const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 2);
    const entries = this.#entries;
    const words = this.#words;
    const first = this.#held * words;
    this.isCodable = writeKeyCodes(this.#layout, vectors, rows, entries, first, words);
    for (let row = 0; row < rows; row += 1) {
      entries[first + row * words + words - 2] = file;
      entries[first + row * words + words - 1] = numbers[row * 2] as number;
    }
    this.#held += rows;
    this.taken += rows;
  }

  end(): void {
    if (this.#held === 0) return;
    orderEntries(this.#entries, this.#held, this.#words, this.#ordered);
    this.#write(this.#ordered, this.#held);
    this.#held = 0;
  }
}
