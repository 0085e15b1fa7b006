import type { ObjectStore } from '@hasivu/object-store';

/** Objects that a store tells in one answer to a listing. */
const PAGE_OBJECTS = 1_000;

/** A store, and the requests that were made of it: one for an object, one for each page of a listing. */
export function countedStore(store: ObjectStore): {
  readonly store: ObjectStore;
  readonly requests: () => number;
} {
  let requests = 0;
  const counted: ObjectStore = {
    get: (key, range) => ((requests += 1), store.get(key, range)),
    head: (key) => ((requests += 1), store.head(key)),
    put: (key, body) => ((requests += 1), store.put(key, body)),
    putIfAbsent: (key, body) => ((requests += 1), store.putIfAbsent(key, body)),
    delete: (key) => ((requests += 1), store.delete(key)),
    putFile: (key, path) => ((requests += 1), store.putFile(key, path)),
    getFile: (key, path) => ((requests += 1), store.getFile(key, path)),
    setStorageClass: (key, name) => ((requests += 2), store.setStorageClass(key, name)),
    folders: (prefix) => ((requests += 1), store.folders(prefix)),
    async *list(prefix, startAfter) {
      let objects = 0;
      for await (const entry of store.list(prefix, startAfter)) {
        if (objects % PAGE_OBJECTS === 0) requests += 1;
        objects += 1;
        yield entry;
      }
      if (objects === 0) requests += 1;
    },
    close: () => store.close(),
  };
  return { store: counted, requests: () => requests };
}
