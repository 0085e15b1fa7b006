import type { ErrorEntry } from '../error-entry.ts';

export const storeErrors = {
  STORE_UNREACHABLE: {
    summary: 'The object store does not answer',
    cause:
      'The endpoint is wrong or down, the network fails, or the store throttles longer than the retries last.',
    remedy:
      'Check lake.endpoint and that the store is up; the service replays from its last commit when it is back.',
    retry: 'timed',
  },
  STORE_DENIED: {
    summary: 'The object store refuses the credentials or the access',
    cause:
      'The access key or secret is wrong, expired, or lacks read, write, list or delete on the bucket; in a folder, the user of the process lacks the rights, or a table log names a path outside of it.',
    remedy:
      'Correct lake.accessKeyId and lake.secretAccessKey, or grant them the bucket (the user the folder), then start again.',
    retry: 'manual',
  },
  STORE_BUCKET_MISSING: {
    summary: 'The bucket or the folder of the lake does not exist',
    cause:
      'lake.bucket or lake.folder is misspelt, the bucket was never created, or the disk of the folder is not mounted.',
    remedy: 'Create the bucket or mount the folder, or correct lake.bucket or lake.folder, then start again.',
    retry: 'manual',
  },
  STORE_NO_CONDITIONAL_PUT: {
    summary: 'The object store ignores If-None-Match on PUT',
    cause:
      'It is too old or configured without conditional writes: two writers could both win one table version.',
    remedy:
      'Use a store that honours `If-None-Match: *` (Amazon S3, SeaweedFS 4+, MinIO since 2024, Ceph Squid, R2), or upgrade this one.',
    retry: 'manual',
  },
  STORE_OBJECT_MISSING: {
    summary: 'An object that must exist is gone',
    cause:
      'A table log names it, yet it was deleted: by a lifecycle rule, a vacuum with too short a retention, or by hand.',
    remedy: 'Restore the object from bucket versions or a backup, or rebuild the table from its topic.',
    retry: 'manual',
  },
  STORE_FAILED: {
    summary: 'The object store answered a request with an error',
    cause: 'A fault inside the store, or a request it does not support.',
    remedy:
      'Look the status up in the store’s own log; the service restarts and replays from its last commit.',
    retry: 'restart',
  },
} as const satisfies Record<string, ErrorEntry>;
