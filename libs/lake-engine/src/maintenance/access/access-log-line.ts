import { normalKey } from './normal-key.ts';

/** Which requests of a bucket's log count as reads of the lake. */
export interface AccessLogRule {
  /** Bucket of the lake: the log may be of several. */
  readonly bucket: string;
  /** What the keys of the lake begin with in the bucket: empty, or with `/` at its end. */
  readonly keyPrefix: string;
  /** Who reads files without anybody wanting their rows, by the name that the log has for them. */
  readonly ignoreRequesters: readonly string[];
  /** Programs of that kind: parts of their User-Agent. */
  readonly ignoreUserAgents: readonly string[];
}

export interface LoggedRead {
  readonly kind: 'read';
  /** Relative to the lake, as {@link normalKey} has it. */
  readonly key: string;
  readonly atMs: number;
}

/** A read of a data file; one that is not counted; another request; or what the format does not explain. */
export type AccessLogLine = LoggedRead | { readonly kind: 'ignored' | 'other' | 'malformed' };

const IGNORED = { kind: 'ignored' } as const;
const OTHER = { kind: 'other' } as const;
const MALFORMED = { kind: 'malformed' } as const;

/**
 * Fields up to the User-Agent, in Amazon's order; newer ones, without quotation marks, come behind. Amazon escapes none: the
 * request's URI ends at the mark that a status follows, the Referer at the one that another field follows, the User-Agent at
 * the last one. A Referer that looks like two fields makes the User-Agent longer, and what is looked for is still in it.
 */
const FIELDS =
  /^\S+ (?<bucket>\S+) \[(?<time>[^\]]+)\] \S+ (?<requester>\S+) \S+ (?<operation>\S+) (?<key>\S+) (?:"(?:[^"]|"(?! (?:\d{3}|-) ))*"|-) (?<status>\d{3}|-) \S+ \S+ \S+ \S+ \S+ (?:"(?:[^"]|"(?! (?:"|- )))*"|-) (?:"(?<agent>[^\n]*)"|-)(?: |$)/u;

/** Services that rewrite, merge and delete files name themselves like this: what they read nobody has asked for. */
const OWN_AGENT = /\bhasivu\/lake-(?:sink|keeper|maintenance)\b/u;

/** What one line of an access log in Amazon S3's format says. */
export function parseAccessLogLine(line: string, rule: AccessLogRule): AccessLogLine {
  const fields = FIELDS.exec(line)?.groups;
  if (fields === undefined) return MALFORMED;
  const { bucket, time = '', requester = '', operation, key = '', status = '', agent = '' } = fields;
  if (bucket !== rule.bucket || operation !== 'REST.GET.OBJECT' || !isAnswered(status)) return OTHER;
  const object = normalKey(key);
  const prefix = normalKey(rule.keyPrefix);
  if (!object.startsWith(prefix) || !isDataFile(object.slice(prefix.length))) return OTHER;
  const atMs = logTimeMs(time);
  if (atMs === null) return MALFORMED;
  const isIgnored =
    OWN_AGENT.test(agent) ||
    rule.ignoreRequesters.includes(requester) ||
    rule.ignoreUserAgents.some((part) => agent.includes(part));
  return isIgnored ? IGNORED : { kind: 'read', key: object.slice(prefix.length), atMs };
}

/** Sent, in whole or in part, or told to be as the reader has it. */
function isAnswered(status: string): boolean {
  return status === '200' || status === '206' || status === '304';
}

function isDataFile(key: string): boolean {
  return key.endsWith('.parquet') && !key.includes('/_delta_log/') && !key.includes('/_change_data/');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `06/Feb/2019:00:00:38 +0000` in milliseconds since 1970; null for anything else. */
function logTimeMs(time: string): number | null {
  const match = /^(\d{2})\/(\w{3})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/u.exec(time);
  if (match === null) return null;
  const [, day, name = '', year, clock, hours, minutes] = match;
  const month = String(MONTHS.indexOf(name) + 1).padStart(2, '0');
  const atMs = Date.parse(`${year}-${month}-${day}T${clock}${hours}:${minutes}`);
  return Number.isNaN(atMs) ? null : atMs;
}
