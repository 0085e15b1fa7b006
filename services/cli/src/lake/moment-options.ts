import type { TableMoment } from '@hasivu/delta';
import { wrongUsage } from '../command-arguments.ts';

/** The moment that `--<of>-version` or `--<of>-time` names, in milliseconds since 1970. @throws PlatformError CLI_USAGE when both do */
export function momentOf(
  of: 'at' | 'from' | 'to',
  version: number | undefined,
  timestampMs: number | undefined,
): TableMoment | undefined {
  if (version !== undefined && timestampMs !== undefined)
    throw wrongUsage(`--${of}-version and --${of}-time exclude each other`);
  if (version !== undefined) return { version };
  return timestampMs === undefined ? undefined : { timestampMs };
}
