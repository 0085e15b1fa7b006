import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { demandSuffix } from './server-suffix.ts';
import { stack } from './stack.ts';
import { uniqueName } from './unique-name.ts';

/** A folder of the lake bucket of this test alone, with what a client needs; disposing it deletes its objects. */
export interface BucketPrefix extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly prefix: string;
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export function bucketPrefix(label?: string): BucketPrefix {
  demandSuffix('bucketPrefix()', 's3');
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = stack().s3;
  const facts = { prefix: uniqueName(label), endpoint, region, bucket, accessKeyId, secretAccessKey };
  return { ...facts, [Symbol.asyncDispose]: () => deleteObjects(facts) };
}

async function deleteObjects(facts: Omit<BucketPrefix, typeof Symbol.asyncDispose>): Promise<void> {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey, prefix } = facts;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  try {
    for (;;) {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` }));
      const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
      if (keys.length === 0) return;
      await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys, Quiet: true } }));
    }
  } finally {
    client.destroy();
  }
}
