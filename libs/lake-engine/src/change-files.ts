import { CHANGE_FEED_PROPERTY, type Action, type DeltaField, type PartitionValues } from '@hasivu/delta';
import type { EngineFile, EngineSession } from './engine-session.ts';
import { partitionValuesOf } from './engine-files.ts';
import { identifier, type PartitionName } from './engine-sql.ts';
import { partitionNames, type EngineTable } from './engine-table.ts';
import { writePartitionRows } from './partition-rows.ts';
import { uploadInRuns } from './upload-runs.ts';

/** What a change file says of each row beside the row's own columns. */
export const CHANGE_TYPE: DeltaField = {
  name: '_change_type',
  type: 'string',
  nullable: true,
  metadata: {},
};

/** Columns that readers of a change feed add; a table with a feed has none of these names itself. */
export const FEED_COLUMNS = [CHANGE_TYPE.name, '_commit_version', '_commit_timestamp'] as const;

/** Whether commits have to tell readers of rows that change, where added and removed files do not say it. */
export function hasChangeFeed({ delta }: EngineTable): boolean {
  return delta.state.metadata.configuration[CHANGE_FEED_PROPERTY] === 'true';
}

/** Uploads files of changed rows that the engine wrote: until a commit names them, nobody sees them. @returns its actions */
export async function uploadChangeFiles(
  table: EngineTable,
  files: readonly EngineFile[],
  partitions: readonly PartitionName[],
): Promise<Action[]> {
  return await uploadInRuns(files, async (file, bytes) => {
    const partitionValues = table.delta.state.columns.storedValues(partitionValuesOf(file, partitions));
    return { cdc: await table.uploadChanges({ bytes, partitionValues }) };
  });
}

/**
 * Tells readers of the feed of deleted rows. @param rows relation of them, all of one partition
 * @param partitionValues as the log has them @returns the actions of the commit
 */
export async function tellDeleted(
  session: EngineSession,
  table: EngineTable,
  rows: string,
  partitionValues: PartitionValues,
): Promise<Action[]> {
  const beside = `'delete' AS ${identifier(CHANGE_TYPE.name)}`;
  const files = await writePartitionRows(session, table, {
    name: 'deleted',
    from: rows,
    beside,
    partitionValues,
  });
  return await uploadChangeFiles(table, files, partitionNames(table));
}
