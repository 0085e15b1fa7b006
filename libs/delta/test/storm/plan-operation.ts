import { randomUUID } from 'node:crypto';
import {
  markedFile,
  packCommitVectors,
  removalOf,
  RowSet,
  type Action,
  type DeletionVector,
  type ReadScope,
} from '../../src/index.ts';
import type { Operation } from './ledger.ts';
import { mayHold, ROOT, type FileRows, type LiveTable } from './live-table.ts';
import type { Row } from './rows.ts';

/** How rows that are in files already are taken out or changed. */
export type Method = 'mark' | 'rewrite';

export interface OperationPlan {
  readonly actions: readonly Action[];
  readonly reads?: ReadScope;
}

/**
 * What the operation takes on the table as it is known now. A change by rows reads the files that hold the writer's
 * rows, and would have read any file that may hold some. Who rewrites files adds rows because of those it has found: its
 * appends have read those files, and none that come later.
 */
export async function planOperation(
  live: LiveTable,
  writer: number,
  operation: Operation,
  method: Method,
): Promise<OperationPlan> {
  const added = operation.add.map((n) => ({ writer, n, revision: 0 }));
  const adds = added.length === 0 ? [] : [await live.upload(added, true)];
  const changed = new Set([...operation.drop, ...operation.bump]);
  if (changed.size === 0 && method === 'mark') return { actions: adds };
  const holders = await holdersOf(live, writer);
  if (changed.size === 0)
    return { actions: adds, reads: { files: pathsOf(holders), wouldRead: () => false } };
  const touched = holders.filter(({ rows, gone }) =>
    rows.some((row, index) => row.writer === writer && changed.has(row.n) && !gone.has(index)),
  );
  const changes =
    method === 'mark'
      ? await markRows(live, writer, changed, touched)
      : await rewriteFiles(live, writer, operation, touched);
  const reads = {
    files: pathsOf(touched),
    wouldRead: (file: Parameters<ReadScope['wouldRead']>[0]) => mayHold(file, writer),
  };
  return { actions: [...changes, ...adds], reads };
}

/** Live files that may hold rows of the writer, with their rows. */
export async function holdersOf(live: LiveTable, writer: number): Promise<FileRows[]> {
  const files = live.files.filter((file) => mayHold(file, writer));
  return await live.rowsOf(files);
}

function pathsOf(holders: readonly FileRows[]): Set<string> {
  return new Set(holders.map(({ file }) => file.path));
}

async function markRows(
  live: LiveTable,
  writer: number,
  changed: ReadonlySet<number>,
  touched: readonly FileRows[],
): Promise<Action[]> {
  const sets = touched.map(({ rows, gone }) => {
    const marked = new RowSet();
    marked.addAll(gone);
    for (const [index, row] of rows.entries())
      if (row.writer === writer && changed.has(row.n)) marked.add(index);
    return marked;
  });
  const { descriptors, file } = packCommitVectors(sets, randomUUID());
  if (file !== null) await live.store.put(`${ROOT}/${file.key}`, file.bytes);
  const nowMs = Date.now();
  return touched.flatMap(({ file: data, rows }, index) =>
    sets[index]?.size === rows.length
      ? [removalOf(data, nowMs)]
      : markedFile(data, descriptors[index] as DeletionVector, nowMs),
  );
}

/** Copy-on-write: other writers' rows are carried along as they are. */
async function rewriteFiles(
  live: LiveTable,
  writer: number,
  { drop, bump }: Operation,
  touched: readonly FileRows[],
): Promise<Action[]> {
  const [gone, raised] = [new Set(drop), new Set(bump)];
  const kept = touched.flatMap(liveRows).flatMap((row): Row[] => {
    if (row.writer !== writer) return [row];
    if (gone.has(row.n)) return [];
    return [raised.has(row.n) ? { ...row, revision: row.revision + 1 } : row];
  });
  const nowMs = Date.now();
  const removals = touched.map(({ file }) => removalOf(file, nowMs));
  return kept.length === 0 ? removals : [...removals, await live.upload(kept, true)];
}

export function liveRows({ rows, gone }: FileRows): Row[] {
  return gone.size === 0 ? [...rows] : rows.filter((_, index) => !gone.has(index));
}
