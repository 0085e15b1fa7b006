import type { ColumnSchema } from '@hasivu/change-events';
import type { DeltaField } from '@hasivu/delta';
import { lakeName } from './lake-name.ts';

/** Field metadata of lake tables: the source's column that a column holds, see `ColumnSchema.origin`. */
const ORIGIN = 'hasivu.origin';

/** Null where it is not known: then the name is all that a column is known by. */
export function originOf({ metadata }: DeltaField): string | null {
  const origin = metadata[ORIGIN];
  return typeof origin === 'string' ? origin : null;
}

/** The field as one that holds the source's column `origin`. */
export function withOrigin(own: DeltaField, origin: string | null): DeltaField {
  const { [ORIGIN]: _before, ...metadata } = own.metadata;
  return { ...own, metadata: origin === null ? metadata : { ...metadata, [ORIGIN]: origin } };
}

/** Whether both are columns of one table of the source: numbers of another table say nothing. */
export function isSameRelation(left: string, right: string): boolean {
  return relationOf(left) === relationOf(right);
}

/** The column's number in its table. */
export function numberOf(origin: string): string {
  return origin.slice(relationOf(origin).length + 1);
}

function relationOf(origin: string): string {
  return origin.slice(0, origin.indexOf('.'));
}

/** The lake column that an event's column goes to, or null where there is none: it was dropped since. */
export function fieldFor(fields: readonly DeltaField[], { name, origin }: ColumnSchema): DeltaField | null {
  const same = origin === undefined ? undefined : fields.find((own) => originOf(own) === origin);
  if (same !== undefined) return same;
  const wanted = lakeName(name).toLowerCase();
  const named = fields.find((own) => own.name.toLowerCase() === wanted);
  if (named === undefined) return null;
  const known = originOf(named);
  // Of the same table and with another number it is another column that has the name now.
  return known !== null && origin !== undefined && isSameRelation(known, origin) ? null : named;
}
