import { join } from 'node:path';
import type { TableMoment } from '@hasivu/delta';
import { EXIT } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { wrongUsage } from '../command-arguments.ts';
import { LakeEngine } from '../lake/lake-engine.ts';
import { lakeSectionOf } from '../lake/lake-section.ts';
import { momentOf } from '../lake/moment-options.ts';
import { writeResult, type QueryFormat } from '../lake/result-format.ts';
import { parseReference } from '../lake/table-reference.ts';

export interface ChangesOptions {
  readonly file: string;
  readonly format: QueryFormat;
  readonly fromVersion?: number;
  /** Milliseconds since 1970. */
  readonly fromTime?: number;
  readonly toVersion?: number;
  /** Milliseconds since 1970. */
  readonly toTime?: number;
}

/** Prints the rows that the commits of a range changed. */
export async function showChanges(
  context: CliContext,
  name: string,
  options: ChangesOptions,
): Promise<number> {
  const from = momentOf('from', options.fromVersion, options.fromTime);
  const to = momentOf('to', options.toVersion, options.toTime);
  if (from === undefined) throw wrongUsage('--from-version or --from-time is needed');
  if (to !== undefined && isBefore(to, from)) throw wrongUsage('the range ends before it begins');
  const reference = parseReference(name);
  await using engine = await LakeEngine.open({
    lake: lakeSectionOf(context, options.file),
    cacheDir: join(context.stateDir, 'cache', 'lake'),
    signal: context.stop,
  });
  const result = await engine.changes(reference, { from, ...(to === undefined ? {} : { to }) });
  await writeResult(result, options.format, context);
  return EXIT.ok;
}

function isBefore(to: TableMoment, from: TableMoment): boolean {
  if ('version' in to) return 'version' in from && to.version < from.version;
  return 'timestampMs' in from && to.timestampMs < from.timestampMs;
}
