import type { ColumnType } from '@hasivu/change-events';
import { field, type DeltaField } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';

export type PartitionTransform = 'identity' | 'year' | 'month' | 'day' | 'hour';

/** One partition column: the row's own column, or a part of its date that is kept as a column of its own. */
export interface PartitionColumn {
  readonly transform: PartitionTransform;
  /** Column of the row. */
  readonly source: string;
  /** Column of the table, e.g. `created_at_month`. */
  readonly name: string;
}

const TRANSFORM = /^(year|month|day|hour)\(([^()]+)\)$/;

export function parsePartitionBy(entries: readonly string[]): PartitionColumn[] {
  return entries.map((entry) => {
    const match = TRANSFORM.exec(entry);
    if (match === null) return { transform: 'identity', source: entry, name: entry };
    const source = (match[2] as string).trim();
    return { transform: match[1] as PartitionTransform, source, name: `${source}_${match[1]}` };
  });
}

/** Columns that the partitioning adds to the table. */
export function derivedFields(columns: readonly PartitionColumn[]): DeltaField[] {
  const types = { year: 'integer', month: 'string', day: 'date', hour: 'string' } as const;
  return columns.flatMap(({ transform, name }) =>
    transform === 'identity' ? [] : [field(name, types[transform])],
  );
}

/** Reads one decoded value as partition text; null also for what Delta cannot name (empty text). */
export type PartitionText = (value: boolean | number | bigint | string) => string | null;

/** @throws LAKE_SCHEMA_INCOMPATIBLE when the column cannot be partitioned by that way */
export function partitionText(column: PartitionColumn, type: ColumnType, table: string): PartitionText {
  if (column.transform === 'identity') {
    if (['boolean', 'int16', 'int32', 'int64'].includes(type.kind)) return String;
    if (['string', 'uuid'].includes(type.kind)) return (value) => (value === '' ? null : String(value));
    if (type.kind === 'date') return (value) => isoOf(Number(value) * DAY_MS)?.slice(0, 10) ?? null;
  } else {
    const end = LENGTH[column.transform];
    if (type.kind === 'date' && column.transform !== 'hour')
      return (value) => isoOf(Number(value) * DAY_MS)?.slice(0, end) ?? null;
    if (type.kind === 'timestamp' || type.kind === 'timestamptz') {
      return (value) => isoOf(Math.floor(Number(value) / 1000))?.slice(0, end) ?? null;
    }
  }
  throw new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `partitioning ${table}`,
    why: `the column "${column.source}" of type ${type.kind} cannot be partitioned by ${column.transform}`,
    context: { table, column: column.source, columnType: type.kind },
  });
}

const DAY_MS = 86_400_000;
/** How much of an ISO timestamp names the part. */
const LENGTH = { year: 4, month: 7, day: 10, hour: 13 } as const;
const FIRST_MS = Date.UTC(1000, 0, 1);
const LAST_MS = 253_402_300_799_999;

/** The same bounds hold in the engine's expression, so that both put a row into the same partition. */
function isoOf(ms: number): string | null {
  return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms).toISOString() : null;
}
