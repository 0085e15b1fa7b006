import type { ColumnMapping, DeltaField } from '@hasivu/delta';
import { identifier, readFiles, text, type PartitionFiles } from '@hasivu/lake-engine';
import { LOG_COLUMNS } from './lake-columns.ts';
import type { TableShape } from './table-shape.ts';

/** Changes of files of the change log, or of a batch that becomes one. `_unavailable` has the columns' present names. */
export function changeRows(shape: TableShape, files: readonly PartitionFiles[]): string {
  const rows = readFiles([...shape.rowFields, ...LOG_COLUMNS], shape.partitions, files);
  const [mapping] = new Set(files.map(({ columns }) => columns));
  const renamed = mapping === undefined ? [] : renamedColumns(shape.rowFields, mapping);
  if (renamed.length === 0) return rows;
  const names = renamed.map(([stored, name]) => `WHEN ${text(stored)} THEN ${text(name)}`).join(' ');
  const present = `list_transform(_unavailable, lambda u: CASE u ${names} ELSE u END)`;
  return `(SELECT * REPLACE (${present} AS ${identifier('_unavailable')}) FROM ${rows})`;
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
