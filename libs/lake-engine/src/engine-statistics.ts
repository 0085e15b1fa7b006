import {
  truncatedMax,
  truncatedMin,
  type ColumnStatistics,
  type DeltaField,
  type FileStatistics,
} from '@hasivu/delta';

/** Column statistics as the engine's RETURN_STATS gives them, by quoted column path. */
export type EngineColumnStatistics = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Delta statistics from those that the engine returned for a file it wrote. */
export function engineStatistics(
  fields: readonly DeltaField[],
  rows: number,
  engine: EngineColumnStatistics,
): FileStatistics {
  const columns = new Map<string, ColumnStatistics>();
  for (const { name, type } of fields) {
    const found = engine.get(`"${name.replaceAll('"', '""')}"`);
    if (found === undefined || typeof type !== 'string') continue;
    const nullCount = found.get('null_count');
    const min = found.get('min');
    const max = found.get('max');
    const bounded = min !== undefined && max !== undefined && found.get('has_nan') !== 'true';
    columns.set(name, {
      ...(bounded ? { min: boundText(type, min, false), max: boundText(type, max, true) } : {}),
      ...(nullCount === undefined ? {} : { nullCount: Number(nullCount) }),
    });
  }
  return { numRecords: rows, columns };
}

const MOMENT = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:\+00)?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function boundText(type: string, value: string, isMax: boolean): string | undefined {
  switch (type) {
    case 'string':
      return isMax ? truncatedMax(value) : truncatedMin(value);
    case 'date':
      return DAY.test(value) ? value : undefined;
    case 'timestamp':
    case 'timestamp_ntz': {
      const match = MOMENT.exec(value);
      if (match === null) return undefined;
      const ms = (match[5] ?? '').padEnd(3, '0').slice(0, 3);
      return `${match[1]}-${match[2]}-${match[3]}T${match[4]}.${ms}${type === 'timestamp' ? 'Z' : ''}`;
    }
    case 'float':
    case 'double':
      return Number.isFinite(Number(value)) ? String(Number(value)) : undefined;
    default:
      return /^-?\d+(\.\d+)?$/.test(value) ? value : undefined;
  }
}
