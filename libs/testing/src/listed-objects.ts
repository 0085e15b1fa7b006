import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { BucketPrefix } from './bucket-prefix.ts';

/** Key → bytes of every object in a test's folder of the bucket, without the folder's name: by the SDK alone, for tests of what lists by itself. */
export async function listedObjects(
  folder: Omit<BucketPrefix, typeof Symbol.asyncDispose>,
): Promise<Map<string, number>> {
  const { endpoint, region, bucket, prefix, accessKeyId, secretAccessKey } = folder;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const found = new Map<string, number>();
  try {
    // From key to key in the place of the store's own tokens.
    for (let StartAfter = ''; ;) {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/`, MaxKeys: 100, StartAfter }),
      );
      for (const { Key = '', Size = 0 } of page.Contents ?? []) found.set(Key.slice(prefix.length + 1), Size);
      const last = page.Contents?.at(-1)?.Key;
      if (page.IsTruncated !== true || last === undefined) return found;
      StartAfter = last;
    }
  } finally {
    client.destroy();
  }
}
