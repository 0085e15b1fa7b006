import { identifier, text } from '@hasivu/lake-engine';
import type { DeltaType } from '@hasivu/delta';
import type { PartitionColumn } from './partition-spec.ts';

/** Text of a row's partition value, worded as the change log's writer words it. */
export function partitionExpression(part: PartitionColumn, type: DeltaType): string {
  const column = identifier(part.source);
  if (part.transform === 'identity')
    return type === 'string' ? `nullif(${column}, '')` : `CAST(${column} AS VARCHAR)`;
  // Through microseconds, so that the session's time zone has no say.
  const moment = type === 'date' ? `CAST(${column} AS TIMESTAMP)` : `make_timestamp(epoch_us(${column}))`;
  const inRange = `${moment} >= TIMESTAMP '1000-01-01' AND ${moment} < TIMESTAMP '9999-12-31 23:59:59.999'`;
  return `CASE WHEN isfinite(${column}) AND ${inRange} THEN strftime(${moment}, ${text(FORMAT[part.transform])}) END`;
}

const FORMAT = { year: '%Y', month: '%Y-%m', day: '%Y-%m-%d', hour: '%Y-%m-%dT%H' } as const;
