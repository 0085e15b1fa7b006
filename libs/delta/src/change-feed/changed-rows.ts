import { readVector, type VectorFiles } from '../deletion-vector/read-vector.ts';
import { RowSet } from '../deletion-vector/row-set.ts';
import type { ChangeFile } from './commit-changes.ts';

/** Which rows of a file changed: these, or all but these. */
export interface ChangedRows {
  readonly rows: RowSet;
  readonly selects: 'these' | 'others';
}

/** Row numbers of the file's changed rows. @throws LAKE_LOG_CORRUPT, LAKE_PROTOCOL_UNSUPPORTED */
export async function changedRows(
  { within, without }: Pick<ChangeFile, 'within' | 'without'>,
  files: VectorFiles,
): Promise<ChangedRows> {
  const excluded = without === undefined ? new RowSet() : await readVector(without, files);
  if (within === undefined) return { rows: excluded, selects: 'others' };
  return { rows: (await readVector(within, files)).minus(excluded), selects: 'these' };
}
