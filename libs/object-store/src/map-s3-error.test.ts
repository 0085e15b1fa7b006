import { describe, expect, test } from '@jest/globals';
import { mapS3Error } from './index.ts';

const context = { bucket: 'lake', endpoint: 'http://store', key: 'k' };
const sdkError = (name: string, httpStatusCode?: number): Error =>
  Object.assign(new Error('signature AKIA-SECRET does not match'), { name, $metadata: { httpStatusCode } });

describe('S3 failures map to one code each', () => {
  test.each([
    ['NoSuchBucket', 404, 'STORE_BUCKET_MISSING'],
    ['SignatureDoesNotMatch', 403, 'STORE_DENIED'],
    ['InvalidAccessKeyId', 403, 'STORE_DENIED'],
    ['SlowDown', 503, 'STORE_UNREACHABLE'],
    ['TimeoutError', undefined, 'STORE_UNREACHABLE'],
    ['NotImplemented', 501, 'STORE_FAILED'],
  ])('%s %s is %s', (name, status, code) => {
    const mapped = mapS3Error(sdkError(name, status), 'reading the object "k"', context);
    expect(mapped.code).toBe(code);
    expect(mapped.message).not.toContain('AKIA-SECRET');
    expect(mapS3Error(mapped, 'again', context)).toBe(mapped);
  });
});
