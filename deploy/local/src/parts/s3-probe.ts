import { createHash, createHmac } from 'node:crypto';

export interface S3Facts {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const TIMEOUT_MS = 5_000;
const PROBE_KEY = '.hasivu-probe';

/**
 * Creates the bucket where it is missing, then writes and deletes one object: the gateway answers before the store
 * behind it has a volume to write to.
 */
export async function ensureBucket(facts: S3Facts): Promise<void> {
  const head = await signedRequest(facts, 'HEAD', '');
  if (head === 404) await expectOk('creating the bucket', signedRequest(facts, 'PUT', ''));
  else if (head >= 300) throw new Error(`the object store answered ${head} when asked for the bucket`);
  await expectOk('writing an object', signedRequest(facts, 'PUT', PROBE_KEY));
  await expectOk('deleting an object', signedRequest(facts, 'DELETE', PROBE_KEY));
}

async function expectOk(doing: string, status: Promise<number>): Promise<void> {
  const answered = await status;
  if (answered >= 300) throw new Error(`the object store answered ${answered} while ${doing}`);
}

/** One request without a body, signed by AWS Signature Version 4; resolves with the HTTP status. */
async function signedRequest(facts: S3Facts, method: string, key: string): Promise<number> {
  const url = new URL(`${facts.endpoint}/${facts.bucket}${key === '' ? '' : `/${key}`}`);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = stamp.slice(0, 8);
  const bodyHash = sha256('');
  const signed = 'host;x-amz-content-sha256;x-amz-date';
  const canonicalHeaders = `host:${url.host}\nx-amz-content-sha256:${bodyHash}\nx-amz-date:${stamp}\n`;
  const canonical = [method, url.pathname, '', canonicalHeaders, signed, bodyHash].join('\n');
  const scope = `${day}/${facts.region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n');
  const dayKey = hmac(`AWS4${facts.secretAccessKey}`, day);
  const signingKey = hmac(hmac(hmac(dayKey, facts.region), 's3'), 'aws4_request');
  const signature = createHmac('sha256', signingKey).update(toSign).digest('hex');
  const answer = await fetch(url, {
    method,
    headers: {
      connection: 'close',
      'x-amz-date': stamp,
      'x-amz-content-sha256': bodyHash,
      authorization: `AWS4-HMAC-SHA256 Credential=${facts.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.arrayBuffer();
  return answer.status;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
