import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AddFile } from '@hasivu/delta';
import { keyLayout } from '../../core/key-index/key-layout.ts';
import type { TableShape } from '../../core/table-shape.ts';
import { KeyIndex } from './key-index.ts';

/** An index that was asked within this time keeps its room: two tables that took it from each other would read all keys each time. */
const IDLE_AFTER_MS = 600_000;

export interface KeyIndexesOptions {
  /** It goes with the process. */
  readonly folder: string;
  /** Of all indexes on local disk; a merge of runs takes the size of those runs once more until it is done. */
  readonly maxBytes: number;
  readonly nowMs: () => number;
  /** Called when the size on local disk may have changed. */
  readonly onBytes?: (bytes: number) => void;
  /** Called for each batch whose keys are looked for in the files because its table's index has no room. */
  readonly onNoRoom?: () => void;
}

interface Held {
  readonly index: KeyIndex;
  usedAtMs: number;
}

/** The key indexes of this process's tables. */
export class KeyIndexes {
  readonly #options: KeyIndexesOptions;
  /** By table; null for one that has a key that no index can hold. */
  readonly #byTable = new Map<string, Held | null>();

  constructor(options: KeyIndexesOptions) {
    this.#options = options;
  }

  /** Size on local disk. */
  get bytes(): number {
    let sum = 0;
    for (const held of this.#byTable.values()) sum += held?.index.bytes ?? 0;
    return sum;
  }

  /** The table's index, with room for these files; null where there is none or its keys cannot be indexed. */
  of(table: string, shape: TableShape, files: readonly AddFile[]): KeyIndex | null {
    const held = this.#heldOf(table, shape);
    if (held === null) return null;
    held.usedAtMs = this.#options.nowMs();
    if (!this.#makeRoom(held.index.bytesToCover(files))) {
      // What it has is of no use without the rest.
      this.#drop(table);
      this.#options.onNoRoom?.();
      return null;
    }
    return held.index;
  }

  /** From now on the table has none: it has a key that no index can hold. */
  giveUp(table: string): void {
    this.#drop(table);
    this.#byTable.set(table, null);
  }

  /** Says how large they are, after a lookup. */
  report(): void {
    this.#options.onBytes?.(this.bytes);
  }

  close(): void {
    for (const held of this.#byTable.values()) held?.index.close();
    this.#byTable.clear();
  }

  #heldOf(table: string, shape: TableShape): Held | null {
    const layout = keyLayout(shape);
    const known = this.#byTable.get(table);
    if (known === null) return null;
    if (known !== undefined && known.index.layout.signature === layout?.signature) return known;
    this.#drop(table);
    if (layout === null) {
      this.#byTable.set(table, null);
      return null;
    }
    const index = new KeyIndex(join(this.#options.folder, `keys-${randomUUID()}`), layout);
    const held = { index, usedAtMs: this.#options.nowMs() };
    this.#byTable.set(table, held);
    return held;
  }

  /** Drops indexes that have not been asked for long, those first that were asked least lately, if that helps. */
  #makeRoom(bytes: number): boolean {
    const { maxBytes, nowMs } = this.#options;
    const idleBefore = nowMs() - IDLE_AFTER_MS;
    const idle = [...this.#byTable]
      .flatMap(([table, held]) => (held !== null && held.usedAtMs < idleBefore ? [{ table, held }] : []))
      .sort((left, right) => left.held.usedAtMs - right.held.usedAtMs);
    const idleBytes = idle.reduce((sum, { held }) => sum + held.index.bytes, 0);
    if (this.bytes - idleBytes + bytes > maxBytes) return false;
    for (const { table } of idle) {
      if (this.bytes + bytes <= maxBytes) break;
      this.#drop(table);
    }
    return true;
  }

  #drop(table: string): void {
    this.#byTable.get(table)?.index.close();
    this.#byTable.delete(table);
  }
}
