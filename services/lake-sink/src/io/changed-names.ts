import { dropColumn, mapColumns, renameColumn, type Metadata } from '@hasivu/delta';
import type { ColumnPlan } from '../core/column-plan.ts';

/** The metadata with the plan's columns renamed and dropped; a table that has no column mapping gets one. */
export function changedNames(metadata: Metadata, { renamed, dropped }: ColumnPlan): Metadata {
  if (renamed.size + dropped.length === 0) return metadata;
  let next = mapColumns(metadata);
  for (const name of dropped) next = dropColumn(next, [name]);
  // Names change hands: each column first gets one that nobody has.
  const between = [...renamed].map(([from, to], at) => ({ from, to, name: `hasivu-between-${at}` }));
  for (const { from, name } of between) next = renameColumn(next, [from], name);
  for (const { name, to } of between) next = renameColumn(next, [name], to);
  return next;
}
