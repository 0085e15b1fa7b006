import { field, type DeltaField } from '@hasivu/delta';
import { identifier, type PartitionFiles, readFiles, text } from '@hasivu/lake-engine';
import { changeRows, type Lacking } from '../change-rows.ts';
import { derivedValues, rowFieldsOf, type HistoryLayout } from './history-layout.ts';
import type { Offsets } from './history-offsets.ts';

/** Local files that a merge may read, by what they hold. */
export interface HistoryFiles {
  readonly batch: readonly PartitionFiles[];
  /** How it is told what the batch's changes lack. */
  readonly lacking: Lacking;
  readonly open: readonly PartitionFiles[];
  readonly closed: readonly PartitionFiles[];
  /** Of the change log, for keys whose changes came late. */
  readonly log: readonly PartitionFiles[];
}

function changesOf(layout: HistoryLayout, files: readonly PartitionFiles[], lacking: Lacking): string {
  return changeRows(layout.shape, files, lacking);
}

/** Changes up to these offsets, and where `after` is given, only those after it. */
export function changesUpTo(
  layout: HistoryLayout,
  files: readonly PartitionFiles[],
  lacking: Lacking,
  upTo: Offsets,
  after?: Offsets,
): string {
  const younger = after === undefined ? '' : ` AND _offset > ${bound(after)}`;
  return `(SELECT * FROM ${changesOf(layout, files, lacking)} WHERE _offset <= ${bound(upTo)}${younger})`;
}

function bound(offsets: Offsets): string {
  const each = [...offsets].map(([partition, offset]) => `WHEN ${partition} THEN ${offset}`).join(' ');
  return each === '' ? '-1' : `CASE _partition ${each} ELSE -1 END`;
}

/** Rows of the history's own tables; what a file lacks (an open version's end) is null. */
export function versionsOf(layout: HistoryLayout, files: readonly PartitionFiles[]): string {
  const fields = rowFieldsOf(layout, 'closed');
  return readFiles(fields, layout.shape.partitions, files);
}

/** Every row that a version can take values from, found by `__file` and `__row`. */
export function valuesViewSql(layout: HistoryLayout, files: HistoryFiles): string {
  const derived: DeltaField[] = derivedValues(layout).map(({ name, of }) =>
    field(name, layout.shape.rowFields.find((own) => own.name === of)?.type ?? 'string'),
  );
  const row = layout.shape.rowFields.map((own) => identifier(own.name));
  const stored = [...row, ...derived.map((own) => identifier(own.name))].join(', ');
  const versions = [...files.open, ...files.closed];
  // A batch that is told from the log shares files with it: their rows must be there once.
  const inBatch = new Set(files.batch.flatMap((group) => group.paths));
  const logged = files.log.map((group) => ({
    ...group,
    paths: group.paths.filter((path) => !inBatch.has(path)),
  }));
  const changes = [changesOf(layout, files.batch, files.lacking)];
  if (logged.some(({ paths }) => paths.length > 0)) changes.push(changesOf(layout, logged, 'recorded'));
  const sent = changes.map(
    (relation) => `SELECT ${row.join(', ')}, _unavailable, __file, __row FROM ${relation}`,
  );
  return (
    `CREATE OR REPLACE TEMP VIEW hist_values AS ` +
    `SELECT ${stored}, NULL::VARCHAR[] AS _unavailable, __file, __row FROM ${versionsOf(layout, versions)} ` +
    `UNION ALL BY NAME ${sent.join(' UNION ALL BY NAME ')}`
  );
}

/** The least position of a group, as its `__lsn` and `__seq`. */
export const FIRST_PLACE = '(min({l: __lsn, s: __seq})).l AS __lsn, (min({l: __lsn, s: __seq})).s AS __seq';

/** `left` stands before `right`, each as `alias.prefix`, e.g. `t.__` for `t.__lsn` and `t.__seq`. */
export function before(left: string, right: string): string {
  return `(${left}lsn < ${right}lsn OR (${left}lsn = ${right}lsn AND ${left}seq < ${right}seq))`;
}

export function notAfter(left: string, right: string): string {
  return `(${left}lsn < ${right}lsn OR (${left}lsn = ${right}lsn AND ${left}seq <= ${right}seq))`;
}

export function samePlace(left: string, right: string): string {
  return `(${left}lsn = ${right}lsn AND ${left}seq = ${right}seq)`;
}

export function keyColumns(layout: HistoryLayout, alias = ''): string {
  return layout.shape.key.map((name) => `${alias}${identifier(name)}`).join(', ');
}

/** True where the change at `alias` carries the column's value. */
export function isSent(alias: string, column: string): string {
  return `(${alias}._unavailable IS NULL OR NOT list_contains(${alias}._unavailable, ${text(column)}))`;
}
