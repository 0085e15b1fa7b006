import { decimalShape, parseStatistics, type AddFile, type DeltaType } from '@hasivu/delta';

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

/** Sign of `bound − value`, null when it cannot be said. */
function compare(type: DeltaType, bound: string, value: string, slackMs: bigint): number | null {
  if (type === 'string') return Buffer.compare(Buffer.from(bound), Buffer.from(value));
  if (type === 'date') return bound < value ? -1 : bound > value ? 1 : 0;
  if (isTime(type)) {
    const boundMs = Date.parse(/Z|[+-]\d\d:\d\d$/u.test(bound) ? bound : `${bound}Z`);
    // The value in microseconds since 1970.
    return Number.isNaN(boundMs) ? null : sign((BigInt(boundMs) + slackMs) * 1000n - BigInt(value));
  }
  const scale = decimalShape(type)?.scale ?? 0;
  const [left, right] = [unscaled(bound, scale), unscaled(value, scale)];
  return left === null || right === null ? null : sign(left - right);
}

function isTime(type: DeltaType): boolean {
  return type === 'timestamp' || type === 'timestamp_ntz';
}

function unscaled(text: string, scale: number): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/u.exec(text);
  if (match === null) return null;
  const fraction = (match[3] ?? '').padEnd(scale, '0').slice(0, scale);
  const value = BigInt((match[2] ?? '0') + fraction);
  return match[1] === '-' ? -value : value;
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}
