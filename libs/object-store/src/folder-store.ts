import { randomUUID } from 'node:crypto';
import {
  constants,
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import { checkedKey, DRAFTS } from './folder-key.ts';
import { keysInFolder } from './folder-listing.ts';
import { mapFolderError } from './map-folder-error.ts';
import type { ByteRange, ObjectEntry, ObjectStore } from './store.ts';

/** A draft this old has no writer any more. */
const OLD_DRAFT_MS = 3_600_000;

/** Objects as files under `folder`, which must exist. @param prefix put before every key */
export function createFolderStore(folder: string, prefix = ''): ObjectStore {
  return new FolderStore(folder, prefix);
}

/**
 * A store on a local or mounted disk. An object is written aside, flushed to the disk, and then given its name: by a
 * rename, which replaces, or by a link, which the file system refuses when the name is taken. So a reader never sees
 * half an object and of two creators one wins, also between processes.
 */
class FolderStore implements ObjectStore {
  readonly #folder: string;
  readonly #root: string;
  #ready: Promise<void> | null = null;

  constructor(folder: string, prefix: string) {
    this.#folder = folder;
    this.#root = join(folder, prefix);
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | null> {
    return await this.#or(null, `reading the object "${key}"`, async () => {
      if (range === undefined) return await readFile(this.#path(key));
      const file = await open(this.#path(key));
      try {
        const bytes = Buffer.alloc(range.end - range.start);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, range.start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    });
  }

  async head(key: string): Promise<ObjectEntry | null> {
    return await this.#or(null, `looking at the object "${key}"`, async () => {
      const facts = await stat(this.#path(key));
      return facts.isFile() ? { key, sizeBytes: facts.size, modifiedMs: Math.floor(facts.mtimeMs) } : null;
    });
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    await this.#place(key, body, `writing the object "${key}"`, rename);
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    try {
      await this.#place(key, body, `creating the object "${key}"`, link);
      return true;
    } catch (error) {
      const cause = (error as { cause?: NodeJS.ErrnoException }).cause;
      if (cause?.code === 'EEXIST' && cause.syscall === 'link') return false;
      throw error;
    }
  }

  async *list(prefix: string, startAfter?: string): AsyncIterable<ObjectEntry> {
    const keys = keysInFolder(this.#root, prefix, startAfter, (key) => key === `${DRAFTS}/`);
    try {
      for await (const key of keys) {
        const entry = await this.head(key);
        if (entry !== null) yield entry;
      }
    } catch (error) {
      throw this.#mapped(error, `listing "${prefix}"`);
    }
  }

  async delete(key: string): Promise<void> {
    await this.#or(undefined, `deleting the object "${key}"`, () => rm(this.#path(key), { force: true }));
  }

  async putFile(key: string, path: string): Promise<void> {
    await this.#place(key, { path }, `writing the object "${key}"`, rename);
  }

  async getFile(key: string, path: string): Promise<boolean> {
    return await this.#or(false, `reading the object "${key}"`, async () => {
      await copyFile(this.#path(key), path);
      return true;
    });
  }

  async *folders(prefix: string): AsyncIterable<string> {
    const found = await this.#or([], `listing "${prefix}"`, () =>
      readdir(join(this.#root, prefix), { withFileTypes: true }),
    );
    const names = found.filter((entry) => entry.isDirectory() && entry.name !== DRAFTS);
    yield* names.map(({ name }) => name).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  setStorageClass(key: string, storageClass: string): Promise<void> {
    const doing = `moving the object "${key}" to the storage class ${storageClass}`;
    const why = 'a folder has no storage classes';
    return Promise.reject(new PlatformError('STORE_FAILED', { doing, why, context: { key } }));
  }

  close(): void {
    // Nothing is kept open between calls.
  }

  async #place(
    key: string,
    body: Uint8Array | { readonly path: string },
    doing: string,
    give: (draft: string, path: string) => Promise<void>,
  ): Promise<void> {
    const path = this.#path(key);
    const draft = join(this.#folder, DRAFTS, randomUUID());
    try {
      await (this.#ready ??= this.#prepare());
      if ('path' in body) await copyFile(body.path, draft, constants.COPYFILE_EXCL);
      const file = await open(draft, 'path' in body ? 'r+' : 'wx');
      try {
        if (!('path' in body)) await file.writeFile(body);
        await file.sync();
      } finally {
        await file.close();
      }
      const made = await mkdir(dirname(path), { recursive: true });
      await give(draft, path);
      // The name is durable once its folder is; a new folder's name is in the one above it.
      await syncFolder(dirname(path));
      if (made !== undefined) await syncFolder(dirname(made));
    } catch (error) {
      throw this.#mapped(error, doing, key);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Makes room for drafts and removes those of processes that were killed. The folder itself must be there. */
  async #prepare(): Promise<void> {
    const drafts = join(this.#folder, DRAFTS);
    try {
      await mkdir(drafts).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      for (const name of await readdir(drafts)) {
        const facts = await stat(join(drafts, name)).catch(() => null);
        if (facts !== null && Date.now() - facts.mtimeMs > OLD_DRAFT_MS)
          await rm(join(drafts, name), { force: true });
      }
    } catch (error) {
      this.#ready = null;
      throw error;
    }
  }

  #path(key: string): string {
    return join(this.#root, checkedKey(key));
  }

  async #or<T>(missing: T, doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return missing;
      throw this.#mapped(error, doing);
    }
  }

  #mapped(error: unknown, doing: string, key?: string): Error {
    return mapFolderError(error, doing, { folder: this.#folder, ...(key === undefined ? {} : { key }) });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
