import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import type { ObjectStore } from '@hasivu/object-store';

const DOWNLOADS_AT_ONCE = 8;
/** A file that the newest version no longer names may still be read by a query that began before. */
const KEEP_DEAD_MS = 3_600_000;

export interface CachedObject {
  readonly key: string;
  /** Null where the log does not say. */
  readonly sizeBytes: number | null;
  /** Where the copy goes, relative to the cache folder. */
  readonly relativePath: string;
}

/** Local copies of the lake's data files. The files never change once written, so a copy needs no check of its age. */
export class FileCache {
  readonly #store: ObjectStore;
  readonly #folder: string;

  constructor(store: ObjectStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** Absolute paths of the copies, downloading those that are missing. @throws PlatformError STORE_*, LAKE_LOG_CORRUPT */
  async fetch(objects: readonly CachedObject[], signal: AbortSignal): Promise<string[]> {
    const waiting = objects.map((object, index) => ({ object, index }));
    const paths: string[] = new Array<string>(objects.length);
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        signal.throwIfAborted();
        paths[next.index] = await this.#copyOf(next.object);
      }
    };
    await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, worker));
    return paths;
  }

  /** Removes copies under a table's folder that are not among the live ones and have not been written lately. */
  async prune(tableFolder: string, live: ReadonlySet<string>, nowMs: number): Promise<void> {
    const folder = join(this.#folder, tableFolder);
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    for (const name of names) {
      const path = join(folder, name);
      if (live.has(path)) continue;
      const facts = await stat(path).catch(() => null);
      if (facts?.isFile() && nowMs - facts.mtimeMs > KEEP_DEAD_MS) await rm(path, { force: true });
    }
  }

  async #copyOf({ key, sizeBytes, relativePath }: CachedObject): Promise<string> {
    const path = join(this.#folder, relativePath);
    const present = await stat(path).catch(() => null);
    if (present !== null && present.size === (sizeBytes ?? present.size)) return path;
    const bytes = await this.#store.get(key);
    if (!bytes)
      throw new PlatformError('LAKE_LOG_CORRUPT', {
        doing: `reading the data file ${key}`,
        why: 'the table names the file and the store does not have it',
        context: { key },
      });
    await mkdir(dirname(path), { recursive: true });
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, bytes);
    await rename(draft, path);
    return path;
  }
}
