import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { keyLayout } from '../../core/key-index/key-layout.ts';
import type { TableShape } from '../../core/table-shape.ts';
import { KeyIndex } from './key-index.ts';

/** The key indexes of this process's tables. */
export class KeyIndexes {
  readonly #folder: string;
  readonly #byTable = new Map<string, KeyIndex | null>();

  /** @param folder that goes with the process */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The table's index, empty at first; null where its keys cannot be indexed. */
  of(table: string, shape: TableShape): KeyIndex | null {
    const layout = keyLayout(shape);
    const known = this.#byTable.get(table);
    if (known === null || (known !== undefined && known.layout.signature === layout?.signature)) return known;
    known?.close();
    const index = layout === null ? null : new KeyIndex(join(this.#folder, `keys-${randomUUID()}`), layout);
    this.#byTable.set(table, index);
    return index;
  }

  /** From now on the table has none: it has a key that no index can hold. */
  giveUp(table: string): void {
    this.#byTable.get(table)?.close();
    this.#byTable.set(table, null);
  }

  close(): void {
    for (const index of this.#byTable.values()) index?.close();
    this.#byTable.clear();
  }
}
