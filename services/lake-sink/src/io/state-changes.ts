import type { Action, AddFile } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import {
  CHANGE_TYPE,
  FEED_COLUMNS,
  hasChangeFeed,
  uploadChangeFiles,
  writePartitioned,
} from '@hasivu/lake-engine';
import { countChangesSql, STATE_CHANGES, stateChangesSql, type FeedInput } from '../core/change-feed-sql.ts';
import type { FeedUse } from '../core/feed-use.ts';
import { existingRelation, storedColumns, type RewriteInput } from '../core/state-sql.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { ChangedFiles } from './changed-files.ts';
import type { LakeTable } from './lake-table.ts';
import type { ChangePlace } from './state-matches.ts';

/** What a merge tells readers of the table's change data feed. */
export interface StateChanges {
  readonly actions: readonly Action[];
  /** False where files are rewritten and no row is changed. */
  readonly dataChange: boolean;
  readonly metrics: Readonly<Record<string, string>>;
}

/** A table without a feed, or a commit whose added and removed files say everything. */
const NOTHING_TO_TELL: StateChanges = { actions: [], dataChange: true, metrics: {} };

/** Whether merges of the table keep their changes: as the configuration says, else as the table does. */
export function hasFeed(table: LakeTable, use: FeedUse): boolean {
  return use === 'table' ? hasChangeFeed(table) : use === 'on';
}

/** Writes the rows that a merge changes to change files. @throws LAKE_SCHEMA_INCOMPATIBLE for columns of the feed's names */
export async function writeStateChanges(
  place: ChangePlace,
  shape: TableShape,
  input: RewriteInput & { readonly truncates: boolean },
  changed: ChangedFiles,
  adds: readonly AddFile[],
): Promise<StateChanges> {
  checkNames(place.table, shape);
  const removes = changed.rewritten.length + changed.emptied.length;
  if (changed.marked.length === 0 && (removes === 0 || adds.length === 0)) return NOTHING_TO_TELL;
  await place.session.run(stateChangesSql(shape, await feedInput(place, shape, input, changed)));
  const order = {
    stored: storedColumns(shape),
    extra: [CHANGE_TYPE.name],
    partitions: shape.partitions,
    orderBy: shape.key,
    codec: place.table.codec,
    columns: place.table.delta.state.columns,
  };
  const files = await writePartitioned(place.session, STATE_CHANGES, 'changes', order);
  const counts = new Map<string, number>();
  if (files.length > 0)
    for (const row of await place.session.rows(countChangesSql(files.map(({ path }) => path))))
      counts.set(row['type'] as string, Number(row['n']));
  const count = (type: string): string => String(counts.get(type) ?? 0);
  return {
    actions: await uploadChangeFiles(place.table, files, shape.partitions),
    dataChange: files.length > 0,
    // Spark's names: where all three are 0, its readers of the feed pass the commit over.
    metrics: {
      numTargetRowsInserted: count('insert'),
      numTargetRowsUpdated: count('update_postimage'),
      numTargetRowsDeleted: count('delete'),
      numTargetChangeFilesAdded: String(files.length),
    },
  };
}

async function feedInput(
  { table, local, vectors }: ChangePlace,
  shape: TableShape,
  input: RewriteInput & { readonly truncates: boolean },
  { matches }: ChangedFiles,
): Promise<FeedInput> {
  const matched = [...(await matches.rowsPerFile()).keys()];
  const live = [...table.delta.state.files.values()];
  return {
    ...input,
    matched: matched.length === 0 ? null : existingRelation(shape, await local.groups(matched), false),
    beforeTruncate:
      input.truncates && live.length > 0
        ? existingRelation(shape, await local.groups(live), await vectors.load(live))
        : null,
  };
}

function checkNames({ root }: LakeTable, { rowFields }: TableShape): void {
  const taken = rowFields.find((own) => (FEED_COLUMNS as readonly string[]).includes(own.name.toLowerCase()));
  if (taken === undefined) return;
  throw new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `keeping the changes of the table ${root}`,
    why: `its column ${taken.name} has the name of a column that a change data feed adds; set changeDataFeed to false`,
    context: { table: root, column: taken.name },
  });
}
