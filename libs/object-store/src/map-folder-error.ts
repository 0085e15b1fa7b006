import { isPlatformError, PlatformError, type ErrorCode } from '@hasivu/errors';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'STORE_BUCKET_MISSING',
  ENOTDIR: 'STORE_BUCKET_MISSING',
  EACCES: 'STORE_DENIED',
  EPERM: 'STORE_DENIED',
  EROFS: 'STORE_DENIED',
  EIO: 'STORE_UNREACHABLE',
  ESTALE: 'STORE_UNREACHABLE',
  ETIMEDOUT: 'STORE_UNREACHABLE',
};

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'it is not a folder',
  EACCES: 'the user of this process may not',
  EPERM: 'the file system does not allow it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the user’s quota of the disk is used up',
  ENAMETOOLONG: 'the file system does not take a name that long',
};

/** One failure of the file system to one platform code; applying it twice changes nothing. */
export function mapFolderError(
  error: unknown,
  doing: string,
  context: { folder: string; key?: string },
): PlatformError {
  if (isPlatformError(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'Error';
  return new PlatformError(CODES[code] ?? 'STORE_FAILED', {
    doing,
    why: `${WHY[code] ?? 'the file system answered'} (${code})`,
    context,
    cause: error,
  });
}
