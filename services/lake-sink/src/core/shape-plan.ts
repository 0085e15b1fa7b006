import { evolveSchema, type DeltaField } from '@hasivu/delta';
import { isAfter, type ChangePosition } from './change-position.ts';
import { isBeforeSince, withInitialSince, withoutInitial } from './column-initial.ts';
import { fieldFor, originOf } from './column-origin.ts';
import { planColumns, type ColumnRules } from './column-plan.ts';
import { stateShape, type TableShape } from './table-shape.ts';

/**
 * The shape that holds rows of these columns too, or null when the present one does. A change that comes before the one
 * that the shape was made for (from another partition, or again after a restart) changes no names: its columns go to
 * what they are called now. @throws LAKE_SCHEMA_INCOMPATIBLE
 */
export function planShape(
  shape: TableShape,
  incoming: readonly DeltaField[],
  at: ChangePosition,
  rules: ColumnRules,
): TableShape | null {
  const { columnsAt } = shape;
  const isOlder = columnsAt !== undefined && columnsAt !== null && isAfter(columnsAt, at);
  const planned = isOlder
    ? withOlderColumns(shape, incoming, rules)
    : withNewerColumns(shape, incoming, at, rules);
  const next = withEarlierChange(planned, incoming, at);
  const facts = ({ rowFields, key, stateFields }: TableShape): string =>
    JSON.stringify([rowFields, key, stateFields ?? rowFields]);
  return facts(next) === facts(shape) ? null : next;
}

function withNewerColumns(
  shape: TableShape,
  incoming: readonly DeltaField[],
  at: ChangePosition,
  rules: ColumnRules,
): TableShape {
  const { rowFields } = shape;
  const plan = planColumns(rowFields, incoming, { ...rules, onDrop: 'keep' });
  const gone = new Set(planColumns(rowFields, incoming, rules).dropped);
  const before = rowFields.map((own, i) => ({ ...(plan.fields[i] as DeltaField), type: own.type }));
  const fields = evolved(before, plan.fields);
  const sent = new Set(incoming.map((own) => own.name.toLowerCase()));
  const had = new Set(stateShape(shape).rowFields.map((own) => own.name));
  const stateFields = fields.filter((own, i) => {
    const name = rowFields[i]?.name;
    if (name === undefined || sent.has(own.name.toLowerCase())) return true;
    return had.has(name) && !gone.has(name);
  });
  const key = shape.key.map((name) => plan.renamed.get(name) ?? name);
  return { rowFields: fields, partitions: shape.partitions, key, stateFields, columnsAt: at };
}

/** Columns that are no more are kept in the log; the state has no row of before. */
function withOlderColumns(
  shape: TableShape,
  incoming: readonly DeltaField[],
  rules: ColumnRules,
): TableShape {
  const known: DeltaField[] = [];
  const gone: DeltaField[] = [];
  for (const own of incoming) {
    const field = fieldOf(shape.rowFields, own);
    if (field === null) gone.push(own);
    else known.push({ ...own, name: field.name });
  }
  // As if the present columns had taken the names of those that are gone.
  const kept = planColumns(gone, shape.rowFields, { ...rules, onDrop: 'keep' }).fields.slice(0, gone.length);
  const rowFields = evolved(shape.rowFields, [...known, ...kept.map(withoutInitial)]);
  const state = stateShape(shape).rowFields;
  const names = new Set(state.map((own) => own.name));
  if (rules.onDrop === 'keep') for (const own of kept) names.add(own.name);
  return { ...shape, rowFields, stateFields: rowFields.filter((own) => names.has(own.name)) };
}

/** Of columns with an initial value the earliest change with them is known: the log says no better what lacked them. */
function withEarlierChange(
  shape: TableShape,
  incoming: readonly DeltaField[],
  at: ChangePosition,
): TableShape {
  const sent = new Set(incoming.map((own) => fieldOf(shape.rowFields, own)?.name));
  const noted = (own: DeltaField): DeltaField =>
    sent.has(own.name) && isBeforeSince(own, at) ? withInitialSince(own, at) : own;
  const { rowFields, stateFields } = shape;
  return {
    ...shape,
    rowFields: rowFields.map(noted),
    ...(stateFields === undefined ? {} : { stateFields: stateFields.map(noted) }),
  };
}

function fieldOf(fields: readonly DeltaField[], own: DeltaField): DeltaField | null {
  const origin = originOf(own);
  const source = { name: own.name, type: { kind: 'string' }, pgType: '' } as const;
  return fieldFor(fields, origin === null ? source : { ...source, origin });
}

function evolved(before: readonly DeltaField[], wanted: readonly DeltaField[]): readonly DeltaField[] {
  const evolution = evolveSchema({ type: 'struct', fields: before }, { type: 'struct', fields: wanted });
  return evolution?.schema.fields ?? before;
}
