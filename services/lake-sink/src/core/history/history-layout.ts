import { field, type DeltaField } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { withInitialOf } from '../column-initial.ts';
import { originOf, withOrigin } from '../column-origin.ts';
import type { PartitionColumn } from '../partition-spec.ts';
import { tableFields, type TableShape } from '../table-shape.ts';
import type { HistoryForm, HistoryRows } from './history-form.ts';

/** What a history's rows consist of at one moment: its form and the source table's shape. */
export interface HistoryLayout {
  readonly shape: TableShape;
  /** Columns whose change opens a version; without any, a row is one version from its insert to its delete. */
  readonly tracked: readonly string[];
  readonly retained: readonly string[];
  readonly previous: readonly string[];
  /** Columns with the newest value in every version, and where it is written. */
  readonly overwritten: readonly { readonly column: string; readonly as: string }[];
}

/** Position and time of a version's first change, position of its last. */
const OPEN_COLUMNS: readonly DeltaField[] = [
  field('_valid_from', 'timestamp'),
  field('_from_lsn', 'long'),
  field('_from_seq', 'long'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
];
/** Position and time of the change that ended it. */
const CLOSED_COLUMNS: readonly DeltaField[] = [
  field('_valid_to', 'timestamp'),
  field('_to_lsn', 'long'),
  field('_to_seq', 'long'),
];
export const IS_CURRENT = '_is_current';

export const previousName = (column: string): string => `_previous_${column}`;
const currentName = (column: string): string => `_current_${column}`;

/** @throws LAKE_SCHEMA_INCOMPATIBLE when the form names a column that the table lacks, or names would collide */
export function historyLayout(form: HistoryForm, shape: TableShape): HistoryLayout {
  const values = shape.rowFields.map((own) => own.name).filter((name) => !shape.key.includes(name));
  const known = new Set(shape.rowFields.map((own) => own.name));
  for (const list of [form.track, form.ignore, form.retain, form.overwrite, form.previous]) {
    const missing = list?.find((name) => !known.has(name));
    if (missing !== undefined) throw unfit(form, `it names the column "${missing}", which the table lacks`);
  }
  const spared = new Set([...form.ignore, ...form.overwrite]);
  const cuts = form.type === 2 || form.type === 4 || form.type === 6;
  const tracked = cuts
    ? values.filter((name) => (form.track === null ? !spared.has(name) : form.track.includes(name)))
    : [];
  const layout: HistoryLayout = {
    shape,
    tracked,
    retained: form.type === 0 ? values.filter((name) => form.retain?.includes(name) ?? true) : [],
    previous: values.filter((name) => form.previous.includes(name)),
    overwritten: values
      .filter((name) => form.overwrite.includes(name))
      .map((column) => ({ column, as: tracked.includes(column) ? currentName(column) : column })),
  };
  const row = new Set(shape.rowFields.map((own) => own.name.toLowerCase()));
  const taken = addedFields(layout, 'all').find((own) => row.has(own.name.toLowerCase()));
  if (taken !== undefined) throw unfit(form, `the table has a column "${taken.name}", which history adds`);
  return layout;
}

/** Columns that a stored row has, those that name its partition included. */
export function rowFieldsOf(layout: HistoryLayout, rows: HistoryRows): DeltaField[] {
  return [...layout.shape.rowFields, ...addedFields(layout, rows)];
}

/** Columns of the table. */
export function historyFields(layout: HistoryLayout, rows: HistoryRows): DeltaField[] {
  return tableFields(layout.shape, addedFields(layout, rows));
}

/** Open and closed versions lie in partitions of their own, so that a flush leaves the closed ones alone. */
export function historyPartitions(layout: HistoryLayout, rows: HistoryRows): readonly PartitionColumn[] {
  const { partitions } = layout.shape;
  if (rows !== 'all') return partitions;
  return [{ transform: 'identity', source: IS_CURRENT, name: IS_CURRENT }, ...partitions];
}

/** Columns beside the row's own that hold values of it. */
export function derivedValues(layout: HistoryLayout): { readonly name: string; readonly of: string }[] {
  return [
    ...layout.previous.map((column) => ({ name: previousName(column), of: column })),
    ...layout.overwritten.flatMap(({ column, as }) => (as === column ? [] : [{ name: as, of: column }])),
  ];
}

function addedFields(layout: HistoryLayout, rows: HistoryRows): DeltaField[] {
  const row = new Map(layout.shape.rowFields.map((own) => [own.name, own]));
  return [
    ...derivedValues(layout).map(({ name, of }) => derivedField(name, row.get(of))),
    ...OPEN_COLUMNS,
    ...(rows === 'open' ? [] : CLOSED_COLUMNS),
    ...(rows === 'all' ? [field(IS_CURRENT, 'boolean')] : []),
  ];
}

/** It follows when the column that it is of is renamed. */
function derivedField(name: string, of: DeltaField | undefined): DeltaField {
  const origin = of === undefined ? null : originOf(of);
  const role = name.startsWith('_previous_') ? 'previous' : 'current';
  const own = withOrigin(field(name, of?.type ?? 'string'), origin === null ? null : `${origin}.${role}`);
  return role === 'current' ? withInitialOf(own, of) : own;
}

function unfit(form: HistoryForm, why: string): PlatformError {
  return new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `preparing the history ${form.root}`,
    why,
    context: { table: form.root },
  });
}
