import type { LakeConfig } from './lake-section.ts';
import { tierRules } from './tiers-section.ts';

/** Where the reads of the lake's files are written down. */
export interface AccessLogSource {
  /** Bucket of the log. */
  readonly bucket: string;
  /** What its keys begin with, up to the date. */
  readonly prefix: string;
  /** Both, and what of it counts: whoever remembers something of a log remembers it of this. */
  readonly name: string;
  readonly rule: {
    /** Bucket of the lake. */
    readonly bucket: string;
    /** What the lake's keys begin with in it: empty, or with `/` at its end. */
    readonly keyPrefix: string;
    readonly ignoreRequesters: readonly string[];
    readonly ignoreUserAgents: readonly string[];
  };
  /** Age at which a file is as cold as it can be, in milliseconds: reads of before make no difference. */
  readonly horizonMs: number;
}

/** The access log that the tiers go by; null where none is configured. */
export function accessLogSource(
  lake: Pick<LakeConfig, 'bucket' | 'prefix' | 'tiers'>,
): AccessLogSource | null {
  const { accessLog } = lake.tiers ?? {};
  if (accessLog === undefined || lake.bucket === undefined) return null;
  const { prefix, ignoreRequesters, ignoreUserAgents } = accessLog;
  const bucket = accessLog.bucket ?? lake.bucket;
  const keyPrefix = lake.prefix === '' ? '' : `${lake.prefix}/`;
  return {
    bucket,
    prefix,
    name: JSON.stringify([bucket, prefix, lake.bucket, keyPrefix, ignoreRequesters, ignoreUserAgents]),
    rule: { bucket: lake.bucket, keyPrefix, ignoreRequesters, ignoreUserAgents },
    horizonMs: Math.max(0, ...tierRules(lake.tiers).map(({ afterMs }) => afterMs)),
  };
}
