import type { DeltaType } from '@hasivu/delta';
import { identifier } from '@hasivu/lake-engine';
import type { HistoryLayout } from './history-layout.ts';

/**
 * One number for the values of several columns, equal exactly when they are (an MD5 of a text that says where each
 * value ends). Values themselves stay out of the sorting of changes, which then takes the same memory for wide rows.
 */
export function fingerprint(layout: HistoryLayout, alias: string, columns: readonly string[]): string {
  if (columns.length === 0) return '0::UHUGEINT';
  const types = new Map(layout.shape.rowFields.map((own) => [own.name, own.type]));
  const parts = columns.map((name) => {
    const value = valueText(`${alias}.${identifier(name)}`, types.get(name) ?? 'string');
    return `coalesce(length(${value}) || ':' || ${value}, '-')`;
  });
  return `md5_number(${parts.join(' || ')})::UHUGEINT`;
}

/** The fingerprint of a null, alone: what a column is that no change has told of. */
export const UNKNOWN = "md5_number('-')";

function valueText(column: string, type: DeltaType): string {
  // Long values are not copied for it.
  if (type === 'string')
    return `CASE WHEN strlen(${column}) > 64 THEN 'm' || md5(${column}) ELSE 's' || ${column} END`;
  if (type === 'binary') return `md5(${column})`;
  if (typeof type !== 'string') return `CAST(to_json(${column}) AS VARCHAR)`;
  return `CAST(${column} AS VARCHAR)`;
}
