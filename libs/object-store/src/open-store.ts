import { createFolderStore } from './folder-store.ts';
import { createS3Store, type S3StoreOptions } from './s3-store.ts';
import type { ObjectStore } from './store.ts';

/** Where a lake is: a bucket, or a folder. */
export type StorePlace = Omit<S3StoreOptions, 'bucket'> & {
  readonly bucket?: string | undefined;
  readonly folder?: string | undefined;
};

/** The store that the configuration names: `folder`, or `bucket` with what belongs to it. */
export function openStore({ folder, bucket, ...rest }: StorePlace): ObjectStore {
  if (folder !== undefined) return createFolderStore(folder, rest.prefix);
  if (bucket === undefined) throw new TypeError('a store needs a bucket or a folder');
  return createS3Store({ ...rest, bucket });
}

/** The place as a URI without a slash at its end, for people and for lineage: `s3://bucket` or `file:///folder`. */
export function placeUri({ folder, bucket }: Pick<StorePlace, 'bucket' | 'folder'>): string {
  return folder === undefined ? `s3://${bucket ?? ''}` : `file://${folder.replace(/\/+$/, '')}`;
}
