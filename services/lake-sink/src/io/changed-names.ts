import {
  dropColumn,
  mapColumns,
  parseSchema,
  renameColumn,
  schemaString,
  type DeltaField,
  type Metadata,
} from '@hasivu/delta';
import type { ColumnPlan } from '../core/column-plan.ts';
import { asGiven, settingOf } from '../core/generated-columns.ts';

/** The metadata with the plan's columns renamed and dropped; a table that has no column mapping gets one. */
export function changedNames(metadata: Metadata, { renamed, dropped }: ColumnPlan): Metadata {
  if (renamed.size + dropped.length === 0) return metadata;
  const mapped = mapColumns(metadata);
  const { fields } = parseSchema(mapped.schemaString);
  const configured = new Map(fields.filter((own) => settingOf(own) !== null).map((own) => [own.name, own]));
  // Those that name such a column are made anew with it: they hold up no change of the source's.
  let next = withFields(mapped, (own) => (configured.has(own.name) ? asGiven(own) : own));
  for (const name of dropped) next = dropColumn(next, [name]);
  // Names change hands: each column first gets one that nobody has.
  const between = [...renamed].map(([from, to], at) => ({ from, to, name: `hasivu-between-${at}` }));
  for (const { from, name } of between) next = renameColumn(next, [from], name);
  for (const { name, to } of between) next = renameColumn(next, [name], to);
  return withFields(next, (own) => configured.get(own.name) ?? own);
}

function withFields(metadata: Metadata, change: (own: DeltaField) => DeltaField): Metadata {
  const fields = parseSchema(metadata.schemaString).fields.map(change);
  return { ...metadata, schemaString: schemaString({ type: 'struct', fields }) };
}
