import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import type { LogObject, LogStore } from '@hasivu/delta';

/** A folder as an object store, for one process: a table that Spark reads is written there. */
export class DirectoryStore implements LogStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async get(key: string): Promise<Uint8Array | null> {
    return await readFile(join(this.folder, key)).catch(absent);
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    await this.#write(key, body, 'w');
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    try {
      await this.#write(key, body, 'wx');
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  async *list(prefix: string, startAfter = ''): AsyncIterable<LogObject> {
    const found = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const keys = found
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)))
      .filter((key) => key.startsWith(prefix) && key > startAfter)
      .sort();
    for (const key of keys) {
      const { size, mtimeMs } = await stat(join(this.folder, key));
      yield { key, sizeBytes: size, modifiedMs: mtimeMs };
    }
  }

  async delete(key: string): Promise<void> {
    await rm(join(this.folder, key), { force: true });
  }

  async #write(key: string, body: Uint8Array, flag: 'w' | 'wx'): Promise<void> {
    const path = join(this.folder, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body, { flag });
  }
}

function absent(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}
