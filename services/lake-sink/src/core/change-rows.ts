import type { ColumnMapping, DeltaField } from '@hasivu/delta';
import { identifier, readFiles, text, type PartitionFiles } from '@hasivu/lake-engine';
import { hasInitial, initialSince, initialSql } from './column-initial.ts';
import { LOG_COLUMNS } from './lake-columns.ts';
import type { TableShape } from './table-shape.ts';

/** How rows are told that came without a column which has an initial value. */
export type Lacking =
  /** Of a batch, which knows. */
  | 'noted'
  /** Of the change log too: they are before the first change seen with the column, and null in it. */
  | 'recorded';

/**
 * Changes of files of the change log, or of a batch that becomes one. `_unavailable` has the columns' present names; a
 * column that the change came without has its initial value, though the files have null.
 */
export function changeRows(
  shape: TableShape,
  files: readonly PartitionFiles[],
  lacking: Lacking = 'recorded',
): string {
  const rows = readFiles([...shape.rowFields, ...LOG_COLUMNS], shape.partitions, files);
  const [mapping] = new Set(files.map(({ columns }) => columns));
  const renamed = mapping === undefined ? [] : renamedColumns(shape.rowFields, mapping);
  const replaced = initialValues(shape, lacking);
  const unavailable = identifier('_unavailable');
  const names = renamed.map(([stored, name]) => `WHEN ${text(stored)} THEN ${text(name)}`).join(' ');
  const present =
    renamed.length === 0 ? unavailable : `list_transform(_unavailable, lambda u: CASE u ${names} ELSE u END)`;
  const unsent = shape.unsent ?? [];
  // As if the change had left the value as it is.
  const all =
    unsent.length === 0
      ? present
      : `CASE WHEN _op IN ('c', 'r', 'u') THEN list_concat(coalesce(${present}, []), [${unsent.map(text).join(', ')}]) ELSE ${present} END`;
  if (all !== unavailable) replaced.push(`${all} AS ${unavailable}`);
  return replaced.length === 0 ? rows : `(SELECT * REPLACE (${replaced.join(', ')}) FROM ${rows})`;
}

function initialValues({ rowFields, lackedUpTo }: TableShape, lacking: Lacking): string[] {
  return rowFields.filter(hasInitial).flatMap((own) => {
    const name = identifier(own.name);
    const last = lackedUpTo?.get(own.name);
    const since = lacking === 'recorded' ? initialSince(own) : null;
    const rules = [
      ...(last === undefined ? [] : [`(_lsn, _seq) <= (${last.lsn}::BIGINT, ${last.seq}::BIGINT)`]),
      ...(since === null
        ? []
        : [`((_lsn, _seq) < (${since.lsn}::BIGINT, ${since.seq}::BIGINT) AND ${name} IS NULL)`]),
    ];
    if (rules.length === 0) return [];
    const isLacking = `_op IN ('c', 'r', 'u') AND (${rules.join(' OR ')})`;
    return [`CASE WHEN ${isLacking} THEN ${initialSql(own)} ELSE ${name} END AS ${name}`];
  });
}

/** Stored and present name of the columns for which they differ. */
function renamedColumns(
  fields: readonly DeltaField[],
  mapping: ColumnMapping,
): (readonly [stored: string, name: string])[] {
  return fields.flatMap((own) => {
    const stored = mapping.storedField(own)?.name ?? own.name;
    return stored === own.name ? [] : [[stored, own.name] as const];
  });
}
