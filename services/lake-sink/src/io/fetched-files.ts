import type { AddFile } from '@hasivu/delta';
import { type FileCache, LocalFiles, type PartitionFiles } from '@hasivu/lake-engine';
import type { LakeTable } from './lake-table.ts';

/** Files of a table on local disk, as the engine reads them, and the way back from their local names. */
export interface FetchedFiles {
  readonly groups: readonly PartitionFiles[];
  at(path: unknown): AddFile;
}

export const NO_FILES: FetchedFiles = {
  groups: [],
  at: () => {
    throw new TypeError('the engine names a file, and it was given none');
  },
};

/** Fetches what the cache lacks. @throws STORE_OBJECT_MISSING */
export async function fetchedFiles(
  table: LakeTable,
  cache: FileCache,
  files: readonly AddFile[],
): Promise<FetchedFiles> {
  const local = new LocalFiles(table, cache);
  return { groups: await local.groups(files), at: (path) => local.at(path) };
}
