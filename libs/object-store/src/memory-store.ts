import type { ByteRange, ObjectEntry, ObjectStore } from './store.ts';

/** A store in this process: same contract as S3, for unit tests and dry runs. */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, { body: Uint8Array; modifiedMs: number }>();

  async get(key: string, range?: ByteRange): Promise<Uint8Array | null> {
    await Promise.resolve();
    const found = this.#objects.get(key);
    if (found === undefined) return null;
    return range === undefined ? found.body.slice() : found.body.slice(range.start, range.end);
  }

  async head(key: string): Promise<ObjectEntry | null> {
    await Promise.resolve();
    const found = this.#objects.get(key);
    return found === undefined
      ? null
      : { key, sizeBytes: found.body.byteLength, modifiedMs: found.modifiedMs };
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    await Promise.resolve();
    this.#objects.set(key, { body: body.slice(), modifiedMs: Date.now() });
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    await Promise.resolve();
    if (this.#objects.has(key)) return false;
    this.#objects.set(key, { body: body.slice(), modifiedMs: Date.now() });
    return true;
  }

  async *list(prefix: string, startAfter?: string): AsyncIterable<ObjectEntry> {
    await Promise.resolve();
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort(byteOrder);
    for (const key of keys) {
      if (startAfter !== undefined && byteOrder(key, startAfter) <= 0) continue;
      const found = this.#objects.get(key);
      if (found !== undefined) yield { key, sizeBytes: found.body.byteLength, modifiedMs: found.modifiedMs };
    }
  }

  async delete(key: string): Promise<void> {
    await Promise.resolve();
    this.#objects.delete(key);
  }

  close(): void {
    this.#objects.clear();
  }
}

function byteOrder(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
