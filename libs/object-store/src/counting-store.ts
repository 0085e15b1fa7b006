import { stat } from 'node:fs/promises';
import type { ObjectStore } from './store.ts';

/**
 * The same store, told of every object that this process has stored. An object that replaces another counts whole: what is
 * counted is never less than what was added.
 * @param onStored called after the store has taken it, with the object's bytes
 */
export function countingStore(store: ObjectStore, onStored: (bytes: number) => void): ObjectStore {
  return {
    get: (key, range) => store.get(key, range),
    head: (key) => store.head(key),
    put: async (key, body) => {
      await store.put(key, body);
      onStored(body.byteLength);
    },
    putIfAbsent: async (key, body) => {
      const created = await store.putIfAbsent(key, body);
      // False may be the lost answer to a write of our own.
      onStored(body.byteLength);
      return created;
    },
    list: (prefix, startAfter) => store.list(prefix, startAfter),
    delete: (key) => store.delete(key),
    putFile: async (key, path) => {
      await store.putFile(key, path);
      onStored((await stat(path)).size);
    },
    getFile: (key, path) => store.getFile(key, path),
    folders: (prefix) => store.folders(prefix),
    setStorageClass: (key, storageClass) => store.setStorageClass(key, storageClass),
    close: () => store.close(),
  };
}
