import { removalOf, type Action, type AddFile, type DeletionVector } from '../actions.ts';
import { corruptVector } from './corrupt-vector.ts';

/**
 * Actions that give a live file another vector: the logical file with the old vector goes, and the one with the new
 * comes. Statistics stay those of all rows, hence bounds that may be wide.
 */
export function markedFile(file: AddFile, vector: DeletionVector, nowMs: number): Action[] {
  return [
    removalOf(file, nowMs),
    { add: { ...file, dataChange: true, stats: wideStatistics(file), deletionVector: vector } },
  ];
}

const parse = JSON.parse as (
  text: string,
  revive: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;
const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown };

/** The file's statistics with `tightBounds` false, every digit kept. @throws LAKE_LOG_CORRUPT without numRecords */
function wideStatistics({ stats }: AddFile): string {
  // Files are marked again and again: those that were have it from the first time.
  if (stats?.startsWith('{"numRecords":') === true && stats.endsWith(',"tightBounds":false}')) return stats;
  const read = parse(stats ?? '{}', (_, value, context) =>
    typeof value === 'number' ? rawJSON(context.source ?? String(value)) : value,
  ) as Record<string, unknown>;
  if (read['numRecords'] === undefined)
    throw corruptVector('its data file has no row count, which the protocol asks for beside a vector');
  return JSON.stringify({ ...read, tightBounds: false });
}
