import type { KeyText } from '@hasivu/postgres';

/** More owed keys than this, and the table is read again instead. */
const MAX_OWED = 5_000;

/** What a key is known by. */
export function nameOf(key: KeyText): string {
  return JSON.stringify(key);
}

/** Keys whose rows have to be read once more, each once, as many as the progress record has room for. */
export class OwedKeys {
  readonly #maxBytes: number;
  readonly #byName = new Map<string, KeyText>();
  /** Of the names, which is what the keys take in the progress record. */
  #bytes = 0;
  /** There are too many: the table has to be read a second time. */
  again: boolean;

  constructor(
    { owed, again }: { readonly owed: readonly KeyText[]; readonly again: boolean },
    maxBytes: number,
  ) {
    this.#maxBytes = maxBytes;
    this.again = again;
    for (const key of owed) this.add(key, nameOf(key));
  }

  /** @returns false when that changes nothing */
  add(key: KeyText, name: string): boolean {
    if (this.again || this.#byName.has(name)) return false;
    this.#byName.set(name, key);
    this.#bytes += Buffer.byteLength(name) + 1;
    if (this.#byName.size > MAX_OWED || this.#bytes > this.#maxBytes) {
      this.#byName.clear();
      this.again = true;
    }
    return true;
  }

  get keys(): readonly KeyText[] {
    return [...this.#byName.values()];
  }
}
