import { expect, test } from '@jest/globals';
import { bucketPrefix } from '@hasivu/testing';
import { describeStoreContract } from '../test/store-contract.ts';
import { createS3Store } from './index.ts';

describeStoreContract('the S3 store', () => createS3Store(bucketPrefix('store')));

test.each([
  ['a wrong secret', { secretAccessKey: 'wrong' }, 'STORE_DENIED'],
  ['a bucket that is not there', { bucket: 'no-such-bucket-here' }, 'STORE_BUCKET_MISSING'],
  [
    'an endpoint where nobody listens',
    { endpoint: 'http://127.0.0.1:9', maxAttempts: 1 },
    'STORE_UNREACHABLE',
  ],
])('%s is told by its code', async (_, change, code) => {
  await using facts = bucketPrefix('store');
  const store = createS3Store({ ...facts, ...change });
  const seen = (async () => {
    for await (const entry of store.list('')) return entry;
    return null;
  })();
  await expect(seen).rejects.toMatchObject({ code });
  store.close();
});
