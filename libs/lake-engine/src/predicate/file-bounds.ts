import {
  decimalShape,
  parseStatistics,
  type AddFile,
  type DeltaType,
  type FileStatistics,
  type PartitionValues,
} from '@hasivu/delta';
import { compareBounds, momentMs } from '../compare-bounds.ts';

/** What a condition asks of a file's values before a row of the file can satisfy it. */
export type FileBound =
  | { readonly kind: 'all' | 'any'; readonly of: readonly FileBound[] }
  | {
      readonly kind: 'compare';
      /** As files name it. */
      readonly column: string;
      readonly type: DeltaType;
      readonly by: Comparison;
      /** As statistics have it: digits, ISO 8601. */
      readonly value: string;
    }
  | { readonly kind: 'is-null'; readonly column: string }
  /** Nothing can be said. */
  | { readonly kind: 'open' };

export type Comparison = '=' | '<' | '<=' | '>' | '>=';

/** Timestamps in statistics are cut down to milliseconds: the greatest may be almost one later. */
const LEAST_MS = 1n;

/** What is known of some rows: of a file, or of a part of it. */
export interface KnownRows {
  /** As files name the columns. */
  readonly partitionValues: PartitionValues;
  readonly statistics: FileStatistics;
  /** Values that no row has, as `valueId` names them. */
  readonly absent?: ReadonlySet<string>;
}

/** A value of a column, as a bound has it. */
export function valueId(column: string, value: string): string {
  return JSON.stringify([column, value]);
}

/** Whether a row of the file may satisfy the condition, by the file's partition and statistics. */
export function mayHold(bound: FileBound, { partitionValues, stats }: AddFile): boolean {
  return mayHoldRows(bound, { partitionValues, statistics: parseStatistics(stats) });
}

/** Whether one of the rows may satisfy the condition. */
export function mayHoldRows(bound: FileBound, rows: KnownRows): boolean {
  switch (bound.kind) {
    case 'all':
      return bound.of.every((part) => mayHoldRows(part, rows));
    case 'any':
      return bound.of.some((part) => mayHoldRows(part, rows));
    case 'compare':
      return mayCompare(bound, rows);
    case 'is-null': {
      const { partitionValues, statistics } = rows;
      if (Object.hasOwn(partitionValues, bound.column)) return partitionValues[bound.column] === null;
      return statistics.columns.get(bound.column)?.nullCount !== 0;
    }
    case 'open':
      return true;
    default:
      return bound satisfies never;
  }
}

/** Whether the condition is never true of a row whose columns are all null. */
export function rejectsNull(bound: FileBound): boolean {
  switch (bound.kind) {
    case 'all':
      return bound.of.some(rejectsNull);
    case 'any':
      return bound.of.every(rejectsNull);
    case 'compare':
      return true;
    case 'is-null':
    case 'open':
      return false;
    default:
      return bound satisfies never;
  }
}

/** Types whose values are ordered here as the engine orders them. Floating point has NaN, which statistics leave out. */
export function isOrderedType(type: DeltaType): boolean {
  return (
    typeof type === 'string' &&
    (decimalShape(type) !== null ||
      ['byte', 'short', 'integer', 'long', 'date', 'timestamp', 'timestamp_ntz', 'string'].includes(type))
  );
}

function mayCompare(
  { column, type, by, value }: Extract<FileBound, { kind: 'compare' }>,
  { partitionValues, statistics: { columns, numRecords }, absent }: KnownRows,
): boolean {
  if (Object.hasOwn(partitionValues, column)) {
    const own = partitionValues[column] ?? null;
    // Of no value nothing is true. Texts of partition times have many forms.
    if (own === null) return false;
    return isTime(type) || between(type, own, own, by, value);
  }
  if (by === '=' && absent?.has(valueId(column, value)) === true) return false;
  const known = columns.get(column);
  if (known?.nullCount !== undefined && numRecords >= 0 && known.nullCount === numRecords) return false;
  return between(type, known?.min, known?.max, by, value);
}

function between(
  type: DeltaType,
  min: string | undefined,
  max: string | undefined,
  by: Comparison,
  value: string,
): boolean {
  const low = min === undefined ? null : compare(type, min, value, 0n);
  const high = max === undefined ? null : compare(type, max, value, isTime(type) ? LEAST_MS : 0n);
  if ((by === '=' || by === '<' || by === '<=') && low !== null && (by === '<' ? low >= 0 : low > 0))
    return false;
  if ((by === '=' || by === '>' || by === '>=') && high !== null && (by === '>' ? high <= 0 : high < 0))
    return false;
  return true;
}

/** Sign of `bound − value`, null when it cannot be said. @param value of a time: in microseconds since 1970 */
function compare(type: DeltaType, bound: string, value: string, slackMs: bigint): number | null {
  if (!isTime(type)) return compareBounds(type, bound, value);
  const boundMs = momentMs(bound);
  if (Number.isNaN(boundMs)) return null;
  const difference = (BigInt(boundMs) + slackMs) * 1000n - BigInt(value);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function isTime(type: DeltaType): boolean {
  return type === 'timestamp' || type === 'timestamp_ntz';
}
