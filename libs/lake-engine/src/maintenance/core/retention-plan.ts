import { parseStatistics, type AddFile, type DeltaType, type TableState } from '@hasivu/delta';
import { identifier } from '../../engine-sql.ts';
import { momentMs } from '../../compare-bounds.ts';

/** Rows whose value in the column is before the cut go; rows without a value stay. */
export interface RetentionRule {
  /** Of a date, a timestamp, or a timestamp without a zone, which is taken for one of UTC. */
  readonly column: string;
  /** Milliseconds since 1970. */
  readonly cutMs: number;
}

export interface RetentionPlan {
  /** Every row goes. */
  readonly whole: readonly AddFile[];
  /** Some rows may go: they are written anew without these. */
  readonly mixed: readonly AddFile[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The moment before which rows go: at a whole day, or hour for ages below two days, so that files across the cut are not
 * written anew each time somebody looks. Nothing goes before its age.
 */
export function retentionCutMs(nowMs: number, ageMs: number): number {
  const step = ageMs < 2 * DAY_MS ? HOUR_MS : DAY_MS;
  return Math.floor((nowMs - ageMs) / step) * step;
}

/** Null where the table has no such column, or one that is no time. */
export function planRetention(
  { files, schema, columns }: TableState,
  rule: RetentionRule,
): RetentionPlan | null {
  const type = schema.fields.find((own) => own.name === rule.column)?.type;
  if (!isTime(type)) return null;
  const whole: AddFile[] = [];
  const mixed: AddFile[] = [];
  for (const file of files.values()) {
    const bounds = boundsOf(file, columns.storedName(rule.column), type);
    if (bounds === 'no value') continue;
    if (bounds.maxMs < rule.cutMs && bounds.hasNoNull) whole.push(file);
    else if (bounds.minMs < rule.cutMs) mixed.push(file);
  }
  return { whole, mixed };
}

/** SQL condition on the rows that stay. */
export function staysSql(state: TableState, { column, cutMs }: RetentionRule): string {
  const name = `r.${identifier(column)}`;
  const type = state.schema.fields.find((own) => own.name === column)?.type;
  const iso = new Date(cutMs).toISOString();
  const moment = `'${iso.slice(0, -1)}'`;
  const stays =
    type === 'timestamp'
      ? `${name} >= TIMESTAMPTZ '${iso}'`
      : `CAST(${name} AS TIMESTAMP) >= TIMESTAMP ${moment}`;
  return `${name} IS NULL OR ${stays}`;
}

interface TimeBounds {
  readonly minMs: number;
  /** Not before any value. */
  readonly maxMs: number;
  readonly hasNoNull: boolean;
}

function boundsOf(file: AddFile, column: string, type: string): TimeBounds | 'no value' {
  const partition = file.partitionValues[column];
  if (partition !== undefined) {
    if (partition === null) return 'no value';
    const ms = momentMs(partition);
    return Number.isNaN(ms)
      ? { minMs: -Infinity, maxMs: Infinity, hasNoNull: false }
      : { minMs: ms, maxMs: ms, hasNoNull: true };
  }
  const { numRecords, columns } = parseStatistics(file.stats);
  const found = columns.get(column);
  const nulls = found?.nullCount;
  if (numRecords >= 0 && nulls === numRecords) return 'no value';
  const minMs = momentMs(found?.min ?? '');
  const maxMs = momentMs(found?.max ?? '');
  return {
    minMs: Number.isNaN(minMs) ? -Infinity : minMs,
    // Bounds of timestamps are cut down to the millisecond.
    maxMs: Number.isNaN(maxMs) ? Infinity : maxMs + (type === 'date' ? 0 : 1),
    hasNoNull: nulls === 0,
  };
}

function isTime(type: DeltaType | undefined): type is string {
  return type === 'date' || type === 'timestamp' || type === 'timestamp_ntz';
}
