import type { Action, AddFile, CdcFile, DeletionVector, PartitionValues, RemoveFile } from '../actions.ts';
import { vectorId } from '../deletion-vector/vector-location.ts';

/** What happened to a row. */
export type ChangeType = 'insert' | 'delete' | 'update_preimage' | 'update_postimage';

/** Rows of one file that one commit changed. */
export interface ChangeFile {
  /** URI-encoded, relative to the table root. */
  readonly path: string;
  readonly partitionValues: PartitionValues;
  /** Null where the log does not say. */
  readonly sizeBytes: number | null;
  /** What happened to its rows; null where its column `_change_type` says it row by row. */
  readonly changeType: 'insert' | 'delete' | null;
  /** Only rows that this vector marks; all rows without it. */
  readonly within?: DeletionVector;
  /** Not the rows that this vector marks. */
  readonly without?: DeletionVector;
}

/**
 * The rows that a commit changed, as the protocol tells readers to find them: in its change files where it has some,
 * else in the files that it adds and removes with `dataChange`.
 */
export function changesOfCommit(actions: readonly Action[]): ChangeFile[] {
  const recorded = actions.flatMap((action) => ('cdc' in action ? [recordedChanges(action.cdc)] : []));
  if (recorded.length > 0) return recorded;
  // Spark's MERGE can rewrite files without changing a row, and says so by its counts only.
  if (actions.some((action) => 'commitInfo' in action && changedNoRow(action.commitInfo))) return [];
  const removed = new Map<string, RemoveFile>();
  for (const action of actions)
    if ('remove' in action && action.remove.dataChange) removed.set(action.remove.path, action.remove);
  const changes: ChangeFile[] = [];
  for (const action of actions) {
    if (!('add' in action) || !action.add.dataChange) continue;
    const before = removed.get(action.add.path);
    if (before === undefined) changes.push(wholeFile(action.add, 'insert'));
    else changes.push(...otherVector(action.add, before.deletionVector));
    removed.delete(action.add.path);
  }
  for (const remove of removed.values()) changes.push(wholeFile(remove, 'delete'));
  return changes;
}

function recordedChanges({ path, partitionValues, size }: CdcFile): ChangeFile {
  return { path, partitionValues, sizeBytes: size, changeType: null };
}

function wholeFile(file: AddFile | RemoveFile, changeType: 'insert' | 'delete'): ChangeFile {
  return { ...placeOf(file), changeType, ...optional('without', file.deletionVector) };
}

/** The file stays with another vector: what is newly marked was deleted, what is no longer marked has come back. */
function otherVector(file: AddFile, before: DeletionVector | undefined): ChangeFile[] {
  const after = file.deletionVector;
  if (vectorId(after) === vectorId(before)) return [];
  const changes: ChangeFile[] = [];
  if (after !== undefined)
    changes.push({ ...placeOf(file), changeType: 'delete', within: after, ...optional('without', before) });
  if (before !== undefined)
    changes.push({ ...placeOf(file), changeType: 'insert', within: before, ...optional('without', after) });
  return changes;
}

function placeOf(file: AddFile | RemoveFile): Pick<ChangeFile, 'path' | 'partitionValues' | 'sizeBytes'> {
  return { path: file.path, partitionValues: file.partitionValues ?? {}, sizeBytes: file.size ?? null };
}

function optional(name: 'without', vector: DeletionVector | undefined): Pick<ChangeFile, 'without'> {
  return vector === undefined ? {} : { [name]: vector };
}

const ROW_COUNTS = ['numTargetRowsInserted', 'numTargetRowsUpdated', 'numTargetRowsDeleted'];

function changedNoRow({
  operation,
  operationMetrics,
}: {
  readonly operation: string;
  readonly operationMetrics?: Readonly<Record<string, string>>;
}): boolean {
  return operation === 'MERGE' && ROW_COUNTS.every((name) => operationMetrics?.[name] === '0');
}
