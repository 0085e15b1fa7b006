import { createHash } from 'node:crypto';
import {
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogStore } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { keptFiles, ownFolder, type OwnFolder } from './process-folder.ts';

/** A copy that is fetched and at once removed by another process, again and again, is a disk that is too small. */
const MOST_TRIES = 5;

/** A store that also gives a part of an object: bytes from `start` up to, not including, `end`. */
export interface RangeStore extends LogStore {
  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array | null>;
  /** Writes an object to a local file, a part at a time; false when there is no such object. */
  getFile?(key: string, path: string): Promise<boolean>;
}

/**
 * Lake files on local disk, for the engine. They are immutable, so a copy is never stale; the least recently used go
 * when the bound is passed. What a killed process left is removed at start.
 */
export class FileCache {
  readonly #own: OwnFolder;
  readonly #store: RangeStore;
  readonly #maxBytes: number;
  /** Where the copies are; that of all processes where they are kept. */
  readonly #copies: string;
  /** Insertion order is use order. */
  readonly #sizes = new Map<string, number>();
  readonly #fetching = new Map<string, Promise<string>>();
  #held = 0;
  #fetchedBytes = 0;

  private constructor(own: OwnFolder, copies: string, store: RangeStore, maxBytes: number) {
    this.#own = own;
    this.#copies = copies;
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** Copies that go with this process. @param owner the service's name, for the folder's */
  static async open(store: RangeStore, owner: string, maxBytes: number): Promise<FileCache> {
    const own = await ownFolder(tmpdir(), `hasivu-${owner}-`);
    return new FileCache(own, own.path, store, maxBytes);
  }

  /**
   * Copies that stay for later processes. Several may use the folder at a time: what one of them removes another may be
   * about to read, so readers pin what they read.
   */
  static async openKept(store: RangeStore, folder: string, maxBytes: number): Promise<FileCache> {
    const copies = join(folder, 'copies');
    await mkdir(copies, { recursive: true });
    // Earlier versions kept files beside it, by their keys: nothing reads them, and no bound counts them.
    for (const name of await readdir(folder))
      if (name !== 'copies' && !name.startsWith('process-'))
        await rm(join(folder, name), { recursive: true, force: true });
    const cache = new FileCache(await ownFolder(folder, 'process-'), copies, store, maxBytes);
    for (const { path, sizeBytes } of await keptFiles(copies)) cache.#remember(path, sizeBytes);
    return cache;
  }

  /** This cache's own: for what is not to outlive it. */
  get folder(): string {
    return this.#own.path;
  }

  /** Bytes that came from the store so far. */
  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  /**
   * Local path of a lake object.
   * @param sizeBytes the object's, where the log tells it: a copy of another size is damaged, and fetched anew
   * @throws STORE_OBJECT_MISSING
   */
  async pathOf(key: string, sizeBytes?: number | null): Promise<string> {
    const path = this.#path(key);
    const size = this.#sizes.get(path);
    if (size !== undefined && (await this.#isStill(path, sizeBytes ?? size))) {
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

  /**
   * A path of an object that stays until it is removed there, whatever becomes of the copy.
   * @param sizeBytes as for {@link pathOf}
   * @throws STORE_OBJECT_MISSING
   */
  async pin(key: string, folder: string, sizeBytes?: number | null): Promise<string> {
    const pinned = join(folder, this.nameOf(key));
    return await this.#retried(key, async () => {
      const path = await this.pathOf(key, sizeBytes);
      await link(path, pinned).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        // Pinned before the copy was fetched anew: the old one under the name may be damaged.
        if (sizeBytes == null || path === pinned || (await stat(pinned)).size === sizeBytes) return;
        await rm(pinned, { force: true });
        await link(path, pinned);
      });
      return pinned;
    });
  }

  /** Bytes of a whole object. @throws STORE_OBJECT_MISSING */
  async bytesOf(key: string): Promise<Uint8Array> {
    return await this.#retried(key, async () => readFile(await this.pathOf(key)));
  }

  /** Name of a file that is the object's alone. */
  nameOf(key: string): string {
    return `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.parquet`;
  }

  /** Whether the whole object is here. @param sizeBytes as for {@link pathOf} */
  has(key: string, sizeBytes?: number): boolean {
    const size = this.#sizes.get(this.#path(key));
    return size !== undefined && (sizeBytes === undefined || size === sizeBytes);
  }

  /** A part of an object, from the store; nothing of it is kept. @throws STORE_OBJECT_MISSING */
  async rangeOf(key: string, start: number, end: number): Promise<Uint8Array> {
    const bytes = await this.#store.get(key, { start, end });
    if (bytes === null) throw missing(key);
    this.#fetchedBytes += bytes.byteLength;
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

  /** Makes room, after a flush: never while the engine reads what is not pinned. */
  async trim(): Promise<void> {
    for (const path of this.#sizes.keys()) {
      if (this.#held <= this.#maxBytes) return;
      this.#drop(path);
      await rm(path, { force: true });
    }
  }

  async forget(key: string): Promise<void> {
    const path = this.#path(key);
    if (this.#drop(path)) await rm(path, { force: true });
  }

  async close(): Promise<void> {
    await this.#own.remove();
  }

  async #fetch(key: string, path: string): Promise<string> {
    // Of one that is killed meanwhile nobody takes a part for the whole.
    const draft = join(this.folder, `fetching-${this.nameOf(key)}`);
    if (!(await this.#write(key, draft))) throw missing(key);
    const { size } = await stat(draft);
    await rename(draft, path);
    this.#fetchedBytes += size;
    this.#remember(path, size);
    return path;
  }

  /** Tries again where another process has removed the copy between its fetch and its use. */
  async #retried<T>(key: string, use: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await use();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MOST_TRIES) throw error;
        this.#drop(this.#path(key));
      }
    }
  }

  /**
   * Another process may have removed the copy since it was found, and a full or failing disk may have cut it. Later
   * processes are told that it was used.
   */
  async #isStill(path: string, sizeBytes: number): Promise<boolean> {
    if (this.#copies === this.folder) return true;
    const now = new Date();
    try {
      const { size } = await stat(path);
      if (size === sizeBytes) {
        await utimes(path, now, now);
        return true;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.#drop(path);
    return false;
  }

  async #write(key: string, path: string): Promise<boolean> {
    if (this.#store.getFile !== undefined) return await this.#store.getFile(key, path);
    const bytes = await this.#store.get(key);
    if (bytes !== null) await writeFile(path, bytes);
    return bytes !== null;
  }

  #remember(path: string, sizeBytes: number): void {
    this.#drop(path);
    this.#sizes.set(path, sizeBytes);
    this.#held += sizeBytes;
  }

  /** @returns whether it was there */
  #drop(path: string): boolean {
    const size = this.#sizes.get(path);
    if (size === undefined) return false;
    this.#held -= size;
    return this.#sizes.delete(path);
  }

  #path(key: string): string {
    return join(this.#copies, this.nameOf(key));
  }
}

function missing(key: string): PlatformError {
  return new PlatformError('STORE_OBJECT_MISSING', {
    doing: `reading the table file "${key}"`,
    context: { key },
  });
}
