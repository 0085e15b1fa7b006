import { join } from 'node:path';
import type { TableMoment } from '@hasivu/delta';
import { EXIT, PlatformError } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { LakeEngine } from '../lake/lake-engine.ts';
import { lakeSectionOf } from '../lake/lake-section.ts';
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
  if (from === undefined) throw usage('--from-version or --from-time is needed');
  if (to !== undefined && isBefore(to, from)) throw usage('the range ends before it begins');
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

function momentOf(
  end: 'from' | 'to',
  version: number | undefined,
  timestampMs: number | undefined,
): TableMoment | undefined {
  if (version !== undefined && timestampMs !== undefined)
    throw usage(`--${end}-version and --${end}-time exclude each other`);
  if (version !== undefined) return { version };
  return timestampMs === undefined ? undefined : { timestampMs };
}

function isBefore(to: TableMoment, from: TableMoment): boolean {
  if ('version' in to) return 'version' in from && to.version < from.version;
  return 'timestampMs' in from && to.timestampMs < from.timestampMs;
}

function usage(why: string): PlatformError {
  return new PlatformError('CLI_USAGE', { doing: 'reading the command line', why });
}
