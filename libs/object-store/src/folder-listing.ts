import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Keys of the files under a folder in ascending byte order, those that begin with the prefix and come after `startAfter`.
 * Folders that hold none of them are not looked into; of each folder on the way its names are in memory.
 */
export async function* keysInFolder(
  root: string,
  prefix: string,
  startAfter?: string,
  isHidden: (key: string) => boolean = () => false,
): AsyncIterable<string> {
  yield* below(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), (key, isFolder) => {
    if (isHidden(key)) return false;
    if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) return false;
    if (startAfter === undefined || compare(key, startAfter) > 0) return true;
    return isFolder && startAfter.startsWith(key);
  });
}

/** @param folder key of the folder, with a slash at its end unless it is the root */
async function* below(
  root: string,
  folder: string,
  wanted: (key: string, isFolder: boolean) => boolean,
): AsyncIterable<string> {
  const found = (await entriesOf(join(root, folder)))
    .filter((entry) => entry.isFile() || entry.isDirectory())
    // The slash is part of the order: "a.b" comes before what is in the folder "a".
    .map((entry) => folder + entry.name + (entry.isDirectory() ? '/' : ''))
    .filter((key) => wanted(key, key.endsWith('/')))
    .sort(compare);
  for (const key of found) {
    if (key.endsWith('/')) yield* below(root, key, wanted);
    else yield key;
  }
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
