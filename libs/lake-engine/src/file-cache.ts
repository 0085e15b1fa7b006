import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogStore } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';

/** A store that also gives a part of an object: bytes from `start` up to, not including, `end`. */
export interface RangeStore extends LogStore {
  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array | null>;
  /** Writes an object to a local file, a part at a time; false when there is no such object. */
  getFile?(key: string, path: string): Promise<boolean>;
}

/**
 * Lake files on local disk, for the engine. They are immutable, so a copy is never stale; the least recently used go
 * when the bound is passed. The folder belongs to this process, and what a killed process left is removed at start.
 */
export class FileCache {
  readonly folder: string;
  readonly #store: RangeStore;
  readonly #maxBytes: number;
  /** Insertion order is use order. */
  readonly #sizes = new Map<string, number>();
  readonly #fetching = new Map<string, Promise<string>>();
  #held = 0;

  private constructor(folder: string, store: RangeStore, maxBytes: number) {
    this.folder = folder;
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** @param owner the service's name, for the folder's */
  static async open(store: RangeStore, owner: string, maxBytes: number): Promise<FileCache> {
    const prefix = `hasivu-${owner}-`;
    for (const name of await readdir(tmpdir())) {
      const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : NaN;
      if (Number.isInteger(pid) && !isAlive(pid))
        await rm(join(tmpdir(), name), { recursive: true, force: true });
    }
    const folder = join(tmpdir(), `${prefix}${process.pid}`);
    await mkdir(folder, { recursive: true });
    return new FileCache(folder, store, maxBytes);
  }

  /** Local path of a lake object. @throws STORE_OBJECT_MISSING */
  async pathOf(key: string): Promise<string> {
    const path = this.#path(key);
    const size = this.#sizes.get(path);
    if (size !== undefined) {
      this.#sizes.delete(path);
      this.#sizes.set(path, size);
      return path;
    }
    let fetching = this.#fetching.get(path);
    if (fetching === undefined) {
      fetching = this.#fetch(key, path).finally(() => this.#fetching.delete(path));
      this.#fetching.set(path, fetching);
    }
    return fetching;
  }

  /** Whether the whole object is here. */
  has(key: string): boolean {
    return this.#sizes.has(this.#path(key));
  }

  /** A part of an object, from the store; nothing of it is kept. @throws STORE_OBJECT_MISSING */
  async rangeOf(key: string, start: number, end: number): Promise<Uint8Array> {
    const bytes = await this.#store.get(key, { start, end });
    if (bytes === null) throw missing(key);
    return bytes;
  }

  /** Keeps a file that was just uploaded, by moving it here. */
  async adopt(key: string, path: string, sizeBytes: number): Promise<void> {
    const target = this.#path(key);
    // A rename fails between file systems, where the engine's folder lies elsewhere.
    await rename(path, target).catch(() => copyFile(path, target));
    this.#remember(target, sizeBytes);
  }

  /** Keeps bytes that were just uploaded. */
  async keep(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key);
    await writeFile(path, bytes);
    this.#remember(path, bytes.byteLength);
  }

  /** Bytes that are only needed for one flush; the caller removes the file. */
  async scratch(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, `batch-${name}.parquet`);
    await writeFile(path, bytes);
    return path;
  }

  /** Makes room, after a flush: never while the engine reads. */
  async trim(): Promise<void> {
    for (const [path, size] of this.#sizes) {
      if (this.#held <= this.#maxBytes) return;
      this.#sizes.delete(path);
      this.#held -= size;
      await rm(path, { force: true });
    }
  }

  async forget(key: string): Promise<void> {
    const path = this.#path(key);
    const size = this.#sizes.get(path);
    if (size === undefined) return;
    this.#sizes.delete(path);
    this.#held -= size;
    await rm(path, { force: true });
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #fetch(key: string, path: string): Promise<string> {
    if (!(await this.#write(key, path))) throw missing(key);
    this.#remember(path, (await stat(path)).size);
    return path;
  }

  async #write(key: string, path: string): Promise<boolean> {
    if (this.#store.getFile !== undefined) return await this.#store.getFile(key, path);
    const bytes = await this.#store.get(key);
    if (bytes !== null) await writeFile(path, bytes);
    return bytes !== null;
  }

  #remember(path: string, sizeBytes: number): void {
    this.#sizes.set(path, sizeBytes);
    this.#held += sizeBytes;
  }

  #path(key: string): string {
    return join(this.folder, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.parquet`);
  }
}

function missing(key: string): PlatformError {
  return new PlatformError('STORE_OBJECT_MISSING', {
    doing: `reading the table file "${key}"`,
    context: { key },
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
