import { readFile } from 'node:fs/promises';
import type { Action, DeltaField } from '@hasivu/delta';
import type { EngineFile } from './engine-session.ts';
import { partitionValuesOf } from './engine-files.ts';
import type { PartitionName } from './engine-sql.ts';
import type { EngineTable } from './engine-table.ts';

/** What a change file says of each row beside the row's own columns. */
export const CHANGE_TYPE: DeltaField = {
  name: '_change_type',
  type: 'string',
  nullable: true,
  metadata: {},
};

/** Columns that readers of a change feed add; a table with a feed has none of these names itself. */
export const FEED_COLUMNS = [CHANGE_TYPE.name, '_commit_version', '_commit_timestamp'] as const;

/** Uploads files of changed rows that the engine wrote: until a commit names them, nobody sees them. @returns its actions */
export async function uploadChangeFiles(
  table: EngineTable,
  files: readonly EngineFile[],
  partitions: readonly PartitionName[],
): Promise<Action[]> {
  const actions: Action[] = [];
  for (const file of files) {
    const bytes = await readFile(file.path);
    const partitionValues = table.delta.state.columns.storedValues(partitionValuesOf(file, partitions));
    actions.push({ cdc: await table.uploadChanges({ bytes, partitionValues }) });
  }
  return actions;
}
