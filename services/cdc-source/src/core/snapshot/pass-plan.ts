import { createHash } from 'node:crypto';

import type { Lsn, TableSchema } from '@hasivu/change-events';

import type { Progress, TableProgress } from '../progress-record.ts';
import { continueCopy, rowsToRead, type ContinuationFacts, type RowChoice } from './copy-continuation.ts';
import type { CopyRange } from './range-plan.ts';
import { beginCopy, endNumberOf, firstSeqOf, isComplete, rangesOf, type TableCopy } from './table-copy.ts';

/** A table to copy, as it is under the new snapshot. */
export interface PassTable extends ContinuationFacts {
  /** `schema.table`. */
  readonly name: string;
  readonly oid: number;
  /** For a copy that begins. */
  readonly rangePages: number;
}

export interface PlannedTable extends PassTable {
  readonly copy: TableCopy;
  /** Log position that the table's copy covers once it is done: events behind it are streamed. */
  readonly coveredLsn: Lsn;
  /** False for a copy that goes on. */
  readonly begins: boolean;
}

/** One range to read. */
export interface RangeTask {
  readonly table: PlannedTable;
  /** Its number in the table. */
  readonly number: number;
  readonly range: CopyRange;
  readonly rows: RowChoice;
  readonly firstSeq: number;
}

/** How each table is copied under a new snapshot: on from where its copy stopped, or anew. */
export function planPass(
  tables: readonly PassTable[],
  progress: Progress | null,
  pass: { readonly lsn: Lsn; readonly snapshot: string },
): PlannedTable[] {
  const known = tables.map(({ name }) => progress?.tables.get(name));
  const continued = tables.map((table, i) => {
    const copy = known[i]?.copy;
    return copy ? continueCopy(copy, table, pass) : null;
  });
  let next = Math.max(0, ...continued.map((copy) => (copy ? endNumberOf(copy) : 0)));
  return tables.map((table, i) => {
    const goesOn = continued[i];
    if (goesOn) {
      const before = known[i] as TableProgress;
      return { ...table, copy: goesOn, coveredLsn: before.lsn, begins: false };
    }
    const { shape, rangePages, parts } = table;
    const copy = beginCopy({ firstNumber: next, shape, rangePages, parts }, pass);
    next = endNumberOf(copy);
    return { ...table, copy, coveredLsn: pass.lsn, begins: true };
  });
}

/** The ranges that the pass has to read, table by table. */
export function* tasksOf(tables: readonly PlannedTable[]): Generator<RangeTask> {
  for (const table of tables) {
    for (const [number, range] of rangesOf(table.copy).entries()) {
      const rows = rowsToRead(table.copy, number, table.hasKey);
      if (rows) yield { table, number, range, rows, firstSeq: firstSeqOf(table.copy, number) };
    }
  }
}

/** The progress with tables marked as done whose last range was copied just before a crash. */
export function withCompleteTables(progress: Progress): Progress {
  const tables = new Map(
    [...progress.tables].map(([name, table]): [string, TableProgress] =>
      table.copy && isComplete(table.copy) ? [name, finished(table)] : [name, table],
    ),
  );
  return { ...progress, tables };
}

/** A table whose copy is done. */
export function finished({ lsn, oid }: Omit<TableProgress, 'done'>): TableProgress {
  return { lsn, oid, done: true };
}

export function shapeFingerprint(schema: TableSchema, rowFilter: string | null): string {
  const columns = schema.columns.map((column) => [column.name, column.pgType]);
  return createHash('sha256')
    .update(JSON.stringify([columns, schema.key, rowFilter]))
    .digest('base64url')
    .slice(0, 16);
}
