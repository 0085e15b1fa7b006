import { describe, expect, test } from '@jest/globals';
import { parseAccessLogLine, type AccessLogRule } from './access-log-line.ts';

const rule: AccessLogRule = {
  bucket: 'amzn-s3-demo-bucket1',
  keyPrefix: 'lake/',
  ignoreRequesters: ['arn:aws:sts::1:assumed-role/backup/nightly'],
  ignoreUserAgents: ['DataSync'],
};
const OWNER = '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be';
const KEY = 'lake/silver/public/orders/part-1.parquet';
const AT = Date.UTC(2026, 10, 25, 10, 4, 12);

interface Request {
  readonly bucket?: string;
  readonly requester?: string;
  readonly operation?: string;
  readonly key?: string;
  readonly uri?: string;
  readonly status?: string;
  readonly referer?: string;
  readonly agent?: string;
  readonly time?: string;
}

function line(request: Request = {}): string {
  const {
    bucket = rule.bucket,
    requester = OWNER,
    operation = 'REST.GET.OBJECT',
    key = KEY,
    uri = `"GET /${bucket}/${key}?x-id=GetObject HTTP/1.1"`,
    status = '200',
    referer = '"-"',
    agent = '"Apache Hadoop 3.4.1, aws-sdk-java/2.29"',
    time = '25/Nov/2026:10:04:12 +0000',
  } = request;
  return `${OWNER} ${bucket} [${time}] 192.0.2.3 ${requester} 3E57427F3EXAMPLE ${operation} ${key} ${uri} ${status} - 113 4406583 41754 28 ${referer} ${agent} - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader ${bucket}.s3.us-west-1.amazonaws.com TLSV1.2 arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP Yes us-east-1`;
}
const kind = (request: Request): string => parseAccessLogLine(line(request), rule).kind;

describe('a line of an access log', () => {
  test('tells which data file of the lake was read, and when', () => {
    const key = 'silver/public/orders/part-1.parquet';
    expect(parseAccessLogLine(line(), rule)).toEqual({ kind: 'read', key, atMs: AT });
    expect(parseAccessLogLine(line({ time: '25/Nov/2026:12:04:12 +0200' }), rule)).toEqual({
      kind: 'read',
      key,
      atMs: AT,
    });
  });

  test('names its key encoded once, twice or not at all: it is the same file', () => {
    const stored = 'lake/silver/public/orders/kind=a b%2Fc/part-1.parquet';
    const once = encodeURIComponent(stored).replaceAll('%2F', '/');
    const keys = [encodeURIComponent(stored), once, encodeURIComponent(once), once.replaceAll('%20', '+')];
    const found = keys.map((key) => parseAccessLogLine(line({ key, uri: '"GET / HTTP/1.1"' }), rule));
    expect(new Set(found.map((one) => (one.kind === 'read' ? one.key : one.kind)))).toEqual(
      new Set(['silver/public/orders/kind=a b/c/part-1.parquet']),
    );
  });

  test.each<[string, Request, string]>([
    ['a part of a file', { status: '206' }, 'read'],
    ['a file that the reader still has', { status: '304' }, 'read'],
    ['a file that is not there', { status: '404' }, 'other'],
    ['a look at the size', { operation: 'REST.HEAD.OBJECT' }, 'other'],
    [
      'the source of a copy, as a move to another class makes one',
      { operation: 'REST.COPY.OBJECT_GET' },
      'other',
    ],
    [
      'a commit of the log',
      { key: 'lake/silver/public/orders/_delta_log/00000000000000000000.json' },
      'other',
    ],
    [
      'a checkpoint of the log',
      { key: 'lake/silver/public/orders/_delta_log/00000000000000000010.checkpoint.parquet' },
      'other',
    ],
    ['another lake', { key: 'lake2/silver/public/orders/part-1.parquet' }, 'other'],
    ['another bucket', { bucket: 'elsewhere' }, 'other'],
    ['an URI with quotation marks', { uri: '"GET /a?q="b" HTTP/1.1"' }, 'read'],
    ['no agent', { agent: '-' }, 'read'],
    ['an agent with quotation marks', { agent: '"Spark "3.5" (x" y"' }, 'read'],
    ['a program that does, with quotation marks', { agent: '""DataSync" "1.0"' }, 'ignored'],
    ['a place with a quotation mark', { referer: '"http://a/?q="b"', agent: '"DataSync/1.0"' }, 'ignored'],
    ['a place that looks like two fields', { referer: '"a" "b"', agent: '"DataSync/1.0"' }, 'ignored'],
    ['a place with a quotation mark, and no agent', { referer: '"DataSync "b"', agent: '-' }, 'read'],
    [
      'the keeper itself',
      { agent: '"aws-sdk-js/3.1169.0 ua/2.1 os/linux lang/js hasivu/lake-keeper"' },
      'ignored',
    ],
    ['the sink itself', { agent: '"aws-sdk-js/3.1169.0 hasivu/lake-sink"' }, 'ignored'],
    ['a query of ours', { agent: '"aws-sdk-js/3.1169.0 hasivu/query"' }, 'read'],
    [
      'a role that reads everything each night',
      { requester: 'arn:aws:sts::1:assumed-role/backup/nightly' },
      'ignored',
    ],
    ['a program that does', { agent: '"DataSync/1.0"' }, 'ignored'],
    ['a time that is none', { time: '25/Nix/2026:10:04:12 +0000' }, 'malformed'],
    ['a status that is none', { status: 'fine' }, 'malformed'],
  ])('of %s', (_, request, wanted) => {
    expect(kind(request)).toBe(wanted);
  });

  test('of Amazon’s own examples is understood', () => {
    const examples = [
      `${OWNER} amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ${OWNER} 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /amzn-s3-demo-bucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSV1.2 arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP Yes us-east-1`,
      `${OWNER} amzn-s3-demo-bucket1 [06/Feb/2019:00:01:57 +0000] 192.0.2.3 ${OWNER} DD6CC733AEXAMPLE REST.PUT.OBJECT s3-dg.pdf "PUT /amzn-s3-demo-bucket1/s3-dg.pdf HTTP/1.1" 200 - - 4406583 41754 28 "-" "S3Console/0.4" - 10S62Zv81kBW7BB6SX4XJ48o6kpcl6LPwEoizZQQxJd5qDSCTLX0TgS37kYUBKQW3+bPdrg1234= SigV4 ECDHE-RSA-AES128-SHA AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSV1.2 - Yes us-east-1`,
    ];
    expect(examples.map((example) => parseAccessLogLine(example, rule).kind)).toEqual(['other', 'other']);
  });

  test.each(['', 'x', line().slice(0, 200), line().replace('[', ''), '{"json": true}'])(
    'that is cut or of another format is malformed, %#',
    (text) => {
      expect(parseAccessLogLine(text, rule).kind).toBe('malformed');
    },
  );
});
