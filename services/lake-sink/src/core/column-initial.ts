import type { ColumnType, InitialValue } from '@hasivu/change-events';
import type { DeltaField, DeltaType } from '@hasivu/delta';
import { engineType, text } from '@hasivu/lake-engine';
import { isAfter, type ChangePosition } from './change-position.ts';
import { timeText } from './time-text.ts';

/** Field metadata: what rows of before the column have in it, as JSON, see `ColumnSchema.initial`; a time is its text. */
const INITIAL = 'hasivu.initial';
/** Field metadata: a change that had the column. Those without it are of before the column, or else of after its end. */
const SINCE = 'hasivu.initialSince';

/** The field as one whose rows of before have this value. */
export function withInitial(own: DeltaField, type: ColumnType, initial: InitialValue): DeltaField {
  const value = JSON.stringify(inLake(type, initial));
  return { ...own, metadata: { ...own.metadata, [INITIAL]: value } };
}

/** The same for the newest value of the column, beside it in the row. */
export function withInitialOf(own: DeltaField, of: DeltaField | undefined): DeltaField {
  const value = of?.metadata[INITIAL];
  return value === undefined ? own : { ...own, metadata: { ...own.metadata, [INITIAL]: value } };
}

export function withoutInitial({ metadata, ...own }: DeltaField): DeltaField {
  const { [INITIAL]: _initial, [SINCE]: _since, ...rest } = metadata;
  return { ...own, metadata: rest };
}

export function hasInitial({ metadata }: DeltaField): boolean {
  return typeof metadata[INITIAL] === 'string';
}

/** The field as one that this change has; no earlier one is known to. */
export function withInitialSince(own: DeltaField, { lsn, seq }: ChangePosition): DeltaField {
  return hasInitial(own) ? { ...own, metadata: { ...own.metadata, [SINCE]: `${lsn}.${seq}` } } : own;
}

/** Null where the column has no initial value, or was added before this was recorded. */
export function initialSince({ metadata }: DeltaField): ChangePosition | null {
  const match = /^(\d+)\.(\d+)$/.exec(typeof metadata[SINCE] === 'string' ? metadata[SINCE] : '');
  return match === null ? null : { lsn: BigInt(match[1] as string), seq: Number(match[2]) };
}

/** Whether no change as early as this one is known to have the column, which has an initial value. */
export function isBeforeSince(own: DeltaField, at: ChangePosition): boolean {
  const since = initialSince(own);
  return hasInitial(own) && (since === null || isAfter(since, at));
}

/** The column with the place that the wanted one has, where that is earlier. */
export function withSinceOf(own: DeltaField, wanted: DeltaField | undefined): DeltaField {
  const since = wanted === undefined ? null : initialSince(wanted);
  return since !== null && isBeforeSince(own, since) ? withInitialSince(own, since) : own;
}

/** The value as an expression of the engine; the field has one. */
export function initialSql(own: DeltaField): string {
  const value = JSON.parse(own.metadata[INITIAL] as string) as InitialValue;
  return `CAST(${valueSql(own.type, value)} AS ${engineType(own.type)})`;
}

function inLake(type: ColumnType, initial: InitialValue): InitialValue {
  if (type.kind === 'array' && typeof initial !== 'string')
    return initial.map((item) => (item === null ? null : inLake(type.element, item)));
  return type.kind === 'time' && typeof initial === 'string' ? timeText(Number(initial)) : initial;
}

function valueSql(type: DeltaType, value: InitialValue | null): string {
  if (value === null) return 'NULL';
  if (typeof value !== 'string') {
    if (typeof type === 'string' || type.type !== 'array') throw new TypeError('a list is not of this type');
    const { elementType } = type;
    return `[${value.map((item) => valueSql(elementType, item)).join(', ')}]`;
  }
  switch (type) {
    case 'binary':
      return `unhex(${text(value)})`;
    case 'date':
      return `(DATE '1970-01-01' + ${text(value)}::INTEGER)`;
    case 'timestamp_ntz':
      return `make_timestamp(${text(value)}::BIGINT)`;
    case 'timestamp':
      return `make_timestamptz(${text(value)}::BIGINT)`;
    default:
      return `${text(value)}::${engineType(type)}`;
  }
}
