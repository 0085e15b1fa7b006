import { evolveSchema, unmappedField, type DeltaField } from '@hasivu/delta';
import { isAfter } from '../core/change-position.ts';
import { originOf, withOrigin } from '../core/column-origin.ts';
import { planColumns, type ColumnRules } from '../core/column-plan.ts';
import { generatedNames } from '../core/generated-columns.ts';
import { LOG_COLUMNS, STATE_COLUMNS } from '../core/lake-columns.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import type { LakeTable } from './lake-table.ts';

/** Columns of the row, and from which change on these are. */
export type StoredColumns = Pick<TableShape, 'rowFields' | 'stateFields' | 'columnsAt'>;

/**
 * Row columns of what is stored: both tables', since a crash may have come between their changes of columns. The one
 * that is ahead says what columns are called. Null when nothing is stored.
 */
export function storedColumns({
  log,
  state,
  binding,
  rules,
}: {
  readonly log: LakeTable | null;
  readonly state: LakeTable | null;
  readonly binding: TopicBinding;
  readonly rules: ColumnRules;
}): StoredColumns | null {
  const stored = [log, state].filter((table) => table?.exists === true) as LakeTable[];
  const [first, second] = stored.sort(laterFirst);
  if (first === undefined) return null;
  const columnsAt = first.columnsAt;
  const newest = rowColumns(first, binding, rules);
  if (second === undefined || binding.isEither) return { rowFields: newest, columnsAt };
  const older = rowColumns(second, binding, rules);
  const plan = planColumns(older, newest, { ...rules, onDrop: 'keep' });
  const named = older.map((own, i) => ({ ...(plan.fields[i] as DeltaField), type: own.type }));
  const merged = evolveSchema({ type: 'struct', fields: newest }, { type: 'struct', fields: named });
  const rowFields = merged?.schema.fields ?? newest;
  const ofState = new Set((first === state ? newest : named).map((own) => own.name.toLowerCase()));
  const stateFields = rowFields.filter((own) => ofState.has(own.name.toLowerCase()));
  return { rowFields, stateFields, columnsAt };
}

/** A table that does not say is behind; the change log goes first. */
function laterFirst(left: LakeTable, right: LakeTable): number {
  const [a, b] = [left.columnsAt, right.columnsAt];
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return isAfter(b, a) ? 1 : isAfter(a, b) ? -1 : 0;
}

function rowColumns(table: LakeTable, { partitions }: TopicBinding, { byOrigin }: ColumnRules): DeltaField[] {
  const own = new Set([...LOG_COLUMNS, ...STATE_COLUMNS].map((column) => column.name));
  for (const part of partitions) if (part.transform !== 'identity') own.add(part.name);
  const computed = generatedNames(table.delta.state);
  const isRow = (column: DeltaField): boolean =>
    !own.has(column.name) && (!computed.has(column.name) || originOf(column) !== null);
  const fields = (table.schema?.fields ?? []).filter(isRow).map(unmappedField);
  return byOrigin ? fields : fields.map((column) => withOrigin(column, null));
}
