import type { LogStore } from '../log-store.ts';
import { isHidden } from './file-place.ts';

/** A file that no retained version needs. */
export interface GarbageFile {
  /** Relative to the table's folder. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface GarbageBounds {
  readonly store: LogStore;
  readonly root: string;
  readonly partitionColumns: readonly string[];
  /** Files that are this old or younger stay, in milliseconds since 1970: their writer may be about to commit them. */
  readonly keptFromMs: number;
  readonly kept: ReadonlySet<string>;
}

/** Files in the table's folder that nothing refers to, page by page: also what crashed writers left. */
export async function* listedGarbage(bounds: GarbageBounds): AsyncGenerator<GarbageFile> {
  const { store, root, partitionColumns, keptFromMs, kept } = bounds;
  const folder = `${root}/`;
  for await (const { key, sizeBytes, modifiedMs } of store.list(folder)) {
    const path = key.slice(folder.length);
    // Some tools make an empty object for a folder.
    if (modifiedMs >= keptFromMs || path === '' || path.endsWith('/')) continue;
    if (!kept.has(path) && !isHidden(path, partitionColumns)) yield { path, sizeBytes };
  }
}
