import type { AddFile, RemoveFile } from '../actions.ts';
import type { TableState } from '../table-state.ts';
import { keysOfPath, keysOfVector } from './file-place.ts';

/**
 * Keys, relative to the table's folder, of every file that a retained version may read: those of the newest version and
 * those removed at or after `keptFromMs`, with their deletion vectors.
 */
export function keptFiles(
  root: string,
  state: TableState,
  keptFromMs: number,
  recentRemovals: Iterable<RemoveFile> = [],
): Set<string> {
  const kept = new Set<string>();
  const keep = (file: AddFile | RemoveFile): void => {
    for (const key of keysOfPath(root, file.path)) kept.add(key);
    if (file.deletionVector === undefined) return;
    for (const key of keysOfVector(root, file.deletionVector)) kept.add(key);
  };
  for (const file of state.files.values()) keep(file);
  for (const removals of [state.tombstones, recentRemovals])
    for (const removal of removals) if ((removal.deletionTimestamp ?? 0) >= keptFromMs) keep(removal);
  return kept;
}
