import { readFile, writeFile } from 'node:fs/promises';
import { PlatformError } from '@hasivu/errors';
import type { ByteRange, ObjectEntry, ObjectStore } from './store.ts';

interface MemoryObject {
  readonly body: Uint8Array;
  readonly modifiedMs: number;
  readonly storageClass?: string;
}

/** A store in this process: same contract as S3, for unit tests and dry runs. */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, MemoryObject>();

  async get(key: string, range?: ByteRange): Promise<Uint8Array | null> {
    await Promise.resolve();
    const found = this.#objects.get(key);
    if (found === undefined) return null;
    return range === undefined ? found.body.slice() : found.body.slice(range.start, range.end);
  }

  async head(key: string): Promise<ObjectEntry | null> {
    await Promise.resolve();
    const found = this.#objects.get(key);
    return found === undefined ? null : entryOf(key, found);
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
      if (found !== undefined) yield entryOf(key, found);
    }
  }

  async delete(key: string): Promise<void> {
    await Promise.resolve();
    this.#objects.delete(key);
  }

  async putFile(key: string, path: string): Promise<void> {
    await this.put(key, await readFile(path));
  }

  async getFile(key: string, path: string): Promise<boolean> {
    const body = await this.get(key);
    if (body !== null) await writeFile(path, body);
    return body !== null;
  }

  async *folders(prefix: string): AsyncIterable<string> {
    const names = new Set<string>();
    for await (const { key } of this.list(prefix)) {
      const rest = key.slice(prefix.length);
      if (rest.includes('/')) names.add(rest.slice(0, rest.indexOf('/')));
    }
    yield* [...names].sort(byteOrder);
  }

  async setStorageClass(key: string, storageClass: string): Promise<void> {
    await Promise.resolve();
    const found = this.#objects.get(key);
    if (found === undefined)
      throw new PlatformError('STORE_OBJECT_MISSING', {
        doing: `moving the object "${key}" to the storage class ${storageClass}`,
        context: { key },
      });
    this.#objects.set(key, { ...found, modifiedMs: Date.now(), storageClass });
  }

  close(): void {
    this.#objects.clear();
  }
}

function entryOf(key: string, { body, modifiedMs, storageClass }: MemoryObject): ObjectEntry {
  return { key, sizeBytes: body.byteLength, modifiedMs, storageClass };
}

function byteOrder(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
