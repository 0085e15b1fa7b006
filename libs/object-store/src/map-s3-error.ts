import { isPlatformError, PlatformError, type ErrorCode } from '@hasivu/errors';

interface S3Failure {
  readonly name: string;
  readonly status: number | undefined;
  readonly socketCode: string | undefined;
}

/** The facts of an SDK error that decide what it means; everything else of it may hold header values. */
export function describeS3Failure(error: unknown): S3Failure {
  const shape = error as { name?: unknown; code?: unknown; $metadata?: { httpStatusCode?: number } } | null;
  return {
    name: typeof shape?.name === 'string' ? shape.name : 'Error',
    status: shape?.$metadata?.httpStatusCode,
    socketCode: typeof shape?.code === 'string' ? shape.code : undefined,
  };
}

/** One S3 failure to one platform code; applying it twice changes nothing. */
export function mapS3Error(
  error: unknown,
  doing: string,
  context: { bucket: string; endpoint: string; key?: string },
): PlatformError {
  if (isPlatformError(error)) return error;
  const failure = describeS3Failure(error);
  const code = codeOf(failure);
  const status = failure.status === undefined ? '' : ` (HTTP ${failure.status})`;
  return new PlatformError(code, {
    doing,
    why: `${whyOf(code, failure)}${status}`,
    context: { ...context, status: failure.status },
    cause: error,
  });
}

function codeOf({ name, status }: S3Failure): ErrorCode {
  if (name === 'NoSuchBucket') return 'STORE_BUCKET_MISSING';
  if (status === 401 || status === 403) return 'STORE_DENIED';
  if (name === 'CredentialsProviderError') return 'STORE_DENIED';
  if (
    status === undefined ||
    status === 408 ||
    status === 429 ||
    status === 500 ||
    status === 502 ||
    status === 503 ||
    status === 504
  ) {
    return 'STORE_UNREACHABLE';
  }
  return 'STORE_FAILED';
}

function whyOf(code: ErrorCode, { name, socketCode }: S3Failure): string {
  if (code === 'STORE_UNREACHABLE') return `the store did not answer: ${socketCode ?? name}`;
  return `the store answered ${name}`;
}
