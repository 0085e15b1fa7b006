import type { LogStore, VectorFiles } from '@hasivu/delta';

/** A table's files of deletion vectors, each fetched once: it holds the vectors of many data files. */
export function vectorFiles(store: LogStore, root: string): VectorFiles {
  const known = new Map<string, Promise<Uint8Array | null>>();
  return {
    get: (key) => {
      const bytes = known.get(key) ?? store.get(`${root}/${key}`);
      known.set(key, bytes);
      return bytes;
    },
  };
}
