import type { VectorFiles } from '@hasivu/delta';
import { isPlatformError } from '@hasivu/errors';
import type { FileCache } from './file-cache.ts';

/** A table's files of deletion vectors, each read once: one holds the vectors of many data files. */
export function vectorFiles(cache: FileCache, root: string): VectorFiles {
  const known = new Map<string, Promise<Uint8Array | null>>();
  return {
    get: (key) => {
      const bytes = known.get(key) ?? bytesOf(cache, `${root}/${key}`);
      known.set(key, bytes);
      return bytes;
    },
  };
}

/** Null when there is no such object. */
async function bytesOf(cache: FileCache, key: string): Promise<Uint8Array | null> {
  try {
    return await cache.bytesOf(key);
  } catch (error) {
    if (isPlatformError(error) && error.code === 'STORE_OBJECT_MISSING') return null;
    throw error;
  }
}
