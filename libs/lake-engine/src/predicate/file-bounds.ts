import { decimalShape, parseStatistics, type AddFile, type DeltaType } from '@hasivu/delta';
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

/** Whether a row of the file may satisfy the condition, by the file's partition and statistics. */
export function mayHold(bound: FileBound, file: AddFile): boolean {
  switch (bound.kind) {
    case 'all':
      return bound.of.every((part) => mayHold(part, file));
    case 'any':
      return bound.of.some((part) => mayHold(part, file));
    case 'compare':
      return mayCompare(bound, file);
    case 'is-null': {
      const { partitionValues } = file;
      if (bound.column in partitionValues) return partitionValues[bound.column] === null;
      return parseStatistics(file.stats).columns.get(bound.column)?.nullCount !== 0;
    }
    case 'open':
      return true;
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
  file: AddFile,
): boolean {
  const { partitionValues } = file;
  if (column in partitionValues) {
    const own = partitionValues[column] ?? null;
    // Of no value nothing is true. Texts of partition times have many forms.
    if (own === null) return false;
    return isTime(type) || between(type, own, own, by, value);
  }
  const { columns, numRecords } = parseStatistics(file.stats);
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
