import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { ObjectStore } from '@hasivu/object-store';

/** A table's folder on local disk, for engines without the store's credentials, kept alike with the one in the store. */
export class LakeCopy implements Disposable {
  readonly dir: string;
  readonly #store: ObjectStore;
  readonly #root: string;

  constructor(store: ObjectStore, root: string) {
    this.dir = mkdtempSync(join(tmpdir(), 'hasivu-copy-'));
    this.#store = store;
    this.#root = root;
  }

  static async of(store: ObjectStore, root: string): Promise<LakeCopy> {
    const copy = new LakeCopy(store, root);
    await copy.pull();
    return copy;
  }

  /** Takes what is new in the store, and away what is gone there. @returns names of the objects that are gone */
  async pull(): Promise<string[]> {
    const stored = new Set<string>();
    const known = new Set(this.#names());
    for await (const { key, modifiedMs } of this.#store.list(`${this.#root}/`)) {
      const name = key.slice(this.#root.length + 1);
      stored.add(name);
      if (known.has(name) && name !== '_delta_log/_last_checkpoint') continue;
      mkdirSync(dirname(join(this.dir, name)), { recursive: true });
      const path = join(this.dir, name);
      writeFileSync(path, (await this.#store.get(key)) as Uint8Array);
      // Readers take the times of commits from their files.
      utimesSync(path, modifiedMs / 1000, modifiedMs / 1000);
    }
    const gone = [...known].filter((name) => !stored.has(name));
    for (const name of gone) rmSync(join(this.dir, name));
    return gone;
  }

  /** Gives the store what another writer added to the copy, data before log. */
  async push(): Promise<void> {
    const isLog = (name: string): number => Number(name.startsWith('_delta_log'));
    for (const name of this.#names().sort((a, b) => isLog(a) - isLog(b) || (a < b ? -1 : 1)))
      await this.#store.putIfAbsent(`${this.#root}/${name}`, readFileSync(join(this.dir, name)));
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true });
  }

  /** Checksums of Hadoop's local file system are no part of a table. */
  #names(): string[] {
    const all = readdirSync(this.dir, { recursive: true }).map(String);
    return all.filter((name) => !name.endsWith('.crc') && statSync(join(this.dir, name)).isFile());
  }
}
