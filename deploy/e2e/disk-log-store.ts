import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { LogObject, LogStore } from '@hasivu/delta';

const TEMPORARY = '.being-written-';

/** Tables in a folder of this machine, where Spark has them too. */
export function diskLogStore(folder: string): LogStore {
  const staged = async (key: string, body: Uint8Array): Promise<string> => {
    await mkdir(dirname(join(folder, key)), { recursive: true });
    const path = join(dirname(join(folder, key)), `${TEMPORARY}${randomUUID()}`);
    await writeFile(path, body);
    return path;
  };
  return {
    get: async (key) => await readFile(join(folder, key)).catch(absent(null)),
    put: async (key, body) => rename(await staged(key, body), join(folder, key)),
    putIfAbsent: async (key, body) => {
      const path = await staged(key, body);
      // A link is made whole or not at all, and never over what is there.
      const isNew = await link(path, join(folder, key)).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      await rm(path);
      return isNew;
    },
    list: (prefix, startAfter = '') => listed(folder, prefix, startAfter),
    delete: (key) => rm(join(folder, key), { force: true }),
  };
}

async function* listed(folder: string, prefix: string, startAfter: string): AsyncIterable<LogObject> {
  const under = join(folder, prefix.slice(0, prefix.lastIndexOf('/') + 1));
  const entries = await readdir(under, { recursive: true, withFileTypes: true }).catch(absent([]));
  const keys = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith(TEMPORARY))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((key) => key.startsWith(prefix) && key > startAfter)
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  for (const key of keys) {
    const { size, mtimeMs } = await stat(join(folder, key));
    yield { key, sizeBytes: size, modifiedMs: Math.floor(mtimeMs) };
  }
}

function absent<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };
}
